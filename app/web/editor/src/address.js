// The field for the address of a link, between the toolbar and the text.

import { ADDRESS, linkAt, setLink } from "./commands.js";

export function addressField(view) {
  const box = document.getElementById("address"),
    field = document.getElementById("address-to"),
    wrong = document.getElementById("address-wrong");

  const close = () => {
    box.hidden = true;
    view().focus();
  };
  const put = (href) => {
    setLink(href)(view().state, view().dispatch);
    close();
  };
  const set = () => {
    const href = field.value.trim();
    const good = ADDRESS.test(href) && href.length <= 2000;
    wrong.hidden = good;
    field.setAttribute("aria-invalid", String(!good));
    if (good) put(href);
    else field.focus();
  };
  const doing = { set, drop: () => put(null), cancel: close };

  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-address]");
    if (button) doing[button.dataset.address]();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "Enter" || event.target !== field) return;
    event.preventDefault();
    set();
  });
  // It belongs to no form: what is typed here is no change of the text yet.
  box.addEventListener("input", (event) => event.stopPropagation());

  return () => {
    wrong.hidden = true;
    field.removeAttribute("aria-invalid");
    field.value = linkAt(view().state)?.href || "";
    box.hidden = false;
    field.focus();
    return true;
  };
}
