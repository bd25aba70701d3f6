// The signs before the items of lists, counted as `app/domain/document/list_numbers.py` counts them.

const ROMAN = [
  [1000, "M"],
  [900, "CM"],
  [500, "D"],
  [400, "CD"],
  [100, "C"],
  [90, "XC"],
  [50, "L"],
  [40, "XL"],
  [10, "X"],
  [9, "IX"],
  [5, "V"],
  [4, "IV"],
  [1, "I"],
];
const DIGITS = "零一二三四五六七八九";
const UNITS = ["", "十", "百", "千"];

function roman(number) {
  let left = number,
    words = "";
  for (const [weight, letters] of ROMAN)
    while (left >= weight) {
      words += letters;
      left -= weight;
    }
  return words;
}

function alpha(number) {
  let left = number,
    words = "";
  while (left > 0) {
    left -= 1;
    words = String.fromCharCode(97 + (left % 26)) + words;
    left = Math.floor(left / 26);
  }
  return words;
}

function chinese(number) {
  const digits = [...String(Math.abs(number))].map(Number);
  const words = digits
    .map((digit, at) => (digit ? DIGITS[digit] + UNITS[digits.length - 1 - at] : "零"))
    .join("");
  const said = words
    .replace(/零+/g, "零")
    .replace(/(.)零$/, "$1")
    .replace(/^一十/, "十");
  return (number < 0 ? "負" : "") + said;
}

const WAYS = {
  lower_alpha: [1, Infinity, (number) => `${alpha(number)}.`],
  upper_alpha: [1, Infinity, (number) => `${alpha(number).toUpperCase()}.`],
  lower_roman: [1, 3999, (number) => `${roman(number).toLowerCase()}.`],
  upper_roman: [1, 3999, (number) => `${roman(number)}.`],
  chinese: [-9999, 9999, (number) => `${chinese(number)}、`],
};

function sign(number, numbering) {
  const [least, most, write] = WAYS[numbering] || [1, 0];
  return least <= number && number <= most ? write(number) : `${number}.`;
}

// Calls `each` with every item of a list, where it stands, and the sign before it; "" for one that continues.
export function signs(doc, each) {
  let levels = [];
  doc.forEach((node, pos) => {
    if (node.type.name !== "list_item") {
      levels = [];
      return;
    }
    const { ordered, depth, number, numbering, continues } = node.attrs;
    if (continues) {
      each(node, pos, "");
      return;
    }
    const way = ordered ? numbering : null;
    levels = levels.slice(0, depth + 1);
    while (levels.length <= depth) levels.push({ way: "", last: 0 });
    const before = levels[depth];
    const now = number ?? (before.way === way ? before.last + 1 : 1);
    levels[depth] = { way, last: now };
    each(node, pos, ordered ? sign(now, numbering) : "•");
  });
}
