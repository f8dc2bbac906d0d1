// Texts made to cost as much as they can. The first family is drawn from the rules themselves: each of their literals, over
// and over, between fillers that keep patterns hoping.
const FILLERS = ["", " ", "1", "a", "=", "\n", "://", " 1234567890", "aB3"];
const SHAPES = {
  digits: "1234567890123456",
  "digits apart": "12 34-56.78 ",
  "digits and dots": "1.2.3.4.",
  letters: "a",
  "base64 letters": "QUJDREVGR0hJSktM",
  hexadecimal: "deadbeef0123",
  at: "a@",
  "at and dots": "a@b.c@d.",
  "percent signs": "%25",
  "percent of percent": "%2525252541",
  escapes: "\\u0041\\x42",
  entities: "&#x41;&amp;",
  quotes: "'\" ",
  "quoted or": "' or '1'='1",
  brackets: "([{",
  "opening tags": "<a <b ",
  dollars: "${a}$(b)`c`",
  semicolons: ";--/*",
  slashes: "../..\\",
  addresses: "http://1.1.1.1/",
  "key = value": "key = aB3$xY9z ",
  "json in pieces": '{"a":"b",',
  "wide letters": "ａｂ１２",
  "letters with marks": "e\u0301a\u0300",
  invisible: "a\u200bb\u200d",
  spaced: "i g n o r e ",
  leet: "1gn0r3 4ll ",
  "here-documents": "cat <<E\nrm -rf /\nE\n",
  pipes: "a|b|c&&d;",
};
const ROLES = ["text", "message", "sql", "shell", "path", "url", "code"];

export function* hostile(rules) {
  for (const [name, unit] of Object.entries(SHAPES)) for (const role of ROLES) yield { name, unit, role };
  const literals = new Set(
    rules.flatMap((rule) => (rule.literals ?? []).map((l) => [l, rule.roles?.[0]].join("\0"))),
  );
  for (const pair of literals) {
    const [literal, role] = pair.split("\0");
    for (const filler of FILLERS)
      yield { name: "a literal of the rules", unit: literal + filler, role: role === "" ? "text" : role };
  }
}

export const repeated = (unit, size) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
