/** Values that stand under a name: the name says what they should be, these say whether they look the part. */

const NOT_A_NAME =
  /^(?:n\/?a|none|null|nil|unknown|undefined|anonymous|test|user|admin|root|guest|system|default|string|text|name|first|last|full|required|optional|true|false|yes|no|various|other|asc|desc|str|varchar|int|number|value|example|redacted|hidden|tbd|all|any|me|self)$/iu;
const ORGANISATION =
  /\b(?:inc|llc|ltd|limited|corp|corporation|gmbh|ag|company|co|group|bank|university|college|school|hospital|clinic|hotel|restaurant|services|systems|solutions|technologies|software|labs?|foundation|institute|department|team|store|shop|museum|airport|church|inn|plc|pty|bv|sarl|oy|ab|srl|spa|kg|llp|street|road|avenue|report|project|server|database|table|service|application|api|config|widget|product|business|checking|savings|account|holdings|partners|agency|ministry|council|trust|union|association|center|centre|cafe|café|pizza|grill|bar|park|library|engineering|platform|support|operations|marketing|finance|sales|office|committee|council)\b\.?/iu;

/** A person's name as records hold it: a few words of letters, no organisation, no placeholder. */
export function personName(value: string): boolean {
  const words = value.split(/[\s\u3000]+/u);
  return words.length <= 6 && !NOT_A_NAME.test(value) && !ORGANISATION.test(value) && /\p{L}/u.test(value);
}

const STREET =
  /\b(?:st|street|rd|road|ave?|avenue|blvd|boulevard|lane|ln|dr|drive|ct|court|way|place|pl|square|sq|terrace|close|crescent|highway|hwy|parkway|pkwy|box|apt|suite|unit|floor|rue|chemin|allée|place|impasse|quai|calle|carrer|avenida|avda|paseo|plaza|via|viale|piazza|corso|rua|travessa|largo|str|platz|allee|gasse|weg|ring|ufer|damm|laan|plein|gracht|ulica|ul|aleja|gatan|vägen|vej|gade|veien|katu|tie|jalan|jl|sokak|caddesi|mahallesi|улица|ул|проспект|пр)\b|str(?:\.|\b)|straße|strasse|straat|gata\b|vägen|gade\b|väg\b|katu\b|[市区町村路街道号洞동로길]/iu;

/** A postal address, or the line of one that names the street: no network, memory or mail address. */
export function streetAddress(value: string): boolean {
  if (/^(?:0x|https?:|\/|\\)|^\S*[:.]\S*$|^[0-9a-fA-F]{8,}$/u.test(value) && !/[\u3040-\uffdc]/u.test(value))
    return false;
  if (!/\p{L}{2}/u.test(value) || /\w\(|["']$/.test(value)) return false;
  const house = /\d/.test(value) && (/^\d|,|\s\S+\s/.test(value) || /[\u3040-\uffdc]/u.test(value));
  const short = value.split(/\s+/).length <= 6;
  return house || (STREET.test(value) && (short || /\d/.test(value)));
}

/** A date in any country's writing, or a number that holds one: 8 digits, or seconds or milliseconds since 1970. */
export function dateLike(value: string): boolean {
  if (/^\d+$/.test(value)) return /^(?:(?:18|19|20)\d{6}|\d{4}(?:18|19|20)\d{2}|\d{9,13})$/.test(value);
  const numbers = value.match(/\d+/g) ?? [];
  const month = /\p{L}{3}/u.test(value);
  return numbers.length >= 3 || (numbers.length === 2 && month);
}
