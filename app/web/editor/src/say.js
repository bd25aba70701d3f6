// Words for people who listen, in the one live region of the page.

export function say(words) {
  const live = document.getElementById("live");
  if (live) live.textContent = words;
}
