// A form that has its place on the page and is shown beside selected words meanwhile.
// What was typed stays in it, wherever it is shown.

export function popover(form, { words, close, typed, back }) {
  const home = form.parentElement;
  const isOpen = () => form.classList.contains("popover");

  const shut = () => {
    if (!isOpen()) return;
    form.classList.remove("popover");
    form.style.removeProperty("top");
    form.style.removeProperty("left");
    home.append(form);
    close.hidden = true;
    words.hidden = true;
  };

  // `box` is the rectangle of the words in the window.
  const open = (quote, box) => {
    words.textContent = `“${quote}”`;
    words.hidden = false;
    close.hidden = false;
    document.getElementById("main").append(form);
    form.classList.add("popover");
    const most = document.documentElement.clientWidth - form.offsetWidth - 8;
    form.style.left = `${Math.max(Math.min(box.left, most), 8) + window.scrollX}px`;
    form.style.top = `${box.bottom + window.scrollY + 8}px`;
  };

  close.addEventListener("click", shut);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    shut();
    back();
  });
  document.addEventListener("mousedown", (event) => {
    if (isOpen() && !form.contains(event.target) && !typed()) shut();
  });
  return { isOpen, open, shut };
}
