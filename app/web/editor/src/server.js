// Asking the server from within the edit page, in the name of the form: what it says, or why not, in words.

const ENDED = "您的登录已经结束。写的内容还在本页，请在另一个标签页里重新登录，再回来继续。";

const refusal = (answer) =>
  [answer.title, ...(answer.reasons || []).map((reason) => reason.message)]
    .filter((words, index, all) => words && all.indexOf(words) === index)
    .join(" ");

// `quiet`: nobody did anything, so that the session ends when it would.
export async function ask(form, path, fields, { quiet = false } = {}) {
  const sent = new FormData();
  sent.append("csrf", form.elements.namedItem("csrf").value);
  for (const [name, value] of Object.entries(fields)) sent.append(name, value);
  const headers = { Accept: "application/json", ...(quiet ? { "HX-Request": "true" } : {}) };
  try {
    const address = form.getAttribute("action").replace(/\/edit$/, path);
    const answer = await fetch(address, { method: "POST", body: sent, headers });
    if (answer.status === 401) return { refused: ENDED, ended: true };
    const said = await answer.json();
    return answer.ok ? said : { refused: refusal(said), code: said.code };
  } catch {
    return { refused: "没有连上服务器，写的内容还在本页。" };
  }
}
