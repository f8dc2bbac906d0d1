// Names, addresses, birth dates and postcodes by key path. No public set of records fits, so records are made here: many
// ways to name the fields, values from several countries, and documents about things to be wrong about.
const PEOPLE = [
  ["Ann", "Lee", "12 Main St", "94105", "1980-02-01"],
  ["José", "García López", "Calle Mayor 5, 2º", "28013", "01/02/1980"],
  ["Jürgen", "Groß", "Hauptstraße 7", "10115", "01.02.1980"],
  ["Zoë", "O'Brien", "Flat 3, 44 High Road", "SW1A 1AA", "1 February 1980"],
  ["Wei", "Zhang", "88 Nanjing Road", "200001", "19800201"],
  ["Anna-Lena", "von Berg", "Ringvägen 100", "118 60", "1980-02-01T00:00:00Z"],
  ["Priya", "Nair", "Plot 14, MG Road", "560001", "Feb 1, 1980"],
  ["Giulia", "D'Amico", "Via Roma 12", "00184", "1980/02/01"],
];
/** Shapes of records: a document, and the pointers of the fields that must be seen. */
const SHAPES = [
  ([f, l, a, z, d]) => [
    { first_name: f, last_name: l, address: a, zip: z, dob: d },
    "first_name last_name address zip dob",
  ],
  ([f, l, a, z, d]) => [
    { firstName: f, lastName: l, streetAddress: a, postalCode: z, dateOfBirth: d },
    "firstName lastName streetAddress postalCode dateOfBirth",
  ],
  ([f, l, a, z, d]) => [
    { FirstName: f, LastName: l, MailingStreet: a, MailingPostalCode: z, Birthdate: d },
    "FirstName LastName MailingStreet MailingPostalCode Birthdate",
  ],
  ([f, l, a, z, d]) => [
    { id: 7, name: `${f} ${l}`, email: "x@example.com", home_address: a, zipcode: z, birth_date: d },
    "name home_address zipcode birth_date",
  ],
  ([f, l, a, z, d]) => [
    { customer: { name: `${f} ${l}`, birthday: d, address: { line1: a, city: "X", postal_code: z } } },
    "customer/name customer/birthday customer/address/line1 customer/address/postal_code",
  ],
  ([f, l, a, z, d]) => [
    { patient: { name: [{ family: l, given: [f] }], birthDate: d, address: [{ line: [a], postalCode: z }] } },
    "patient/name/0/family patient/name/0/given/0 patient/birthDate patient/address/0/line/0 patient/address/0/postalCode",
  ],
  ([f, l, a, z, d]) => [
    { columns: ["id", "full_name", "street", "postcode", "dob"], rows: [[1, `${f} ${l}`, a, z, d]] },
    "rows/0/1 rows/0/2 rows/0/3 rows/0/4",
  ],
  ([f, l, a, z, d]) => [
    { person: { name: { first: f, last: l }, birth: { date: d }, location: { street: a, postcode: z } } },
    "person/name/first person/name/last person/birth/date person/location/street person/location/postcode",
  ],
  ([f, l, a, z, d]) => [
    { employee_name: `${l}, ${f}`, employee_address: a, employee_dob: d, "Zip Code": z },
    "employee_name employee_address employee_dob Zip Code",
  ],
  ([f, l, a, z, d]) => [
    { results: [{ properties: { firstname: f, lastname: l, address: a, zip: z, date_of_birth: d } }] },
    "firstname lastname address zip date_of_birth".replaceAll(/\w+/g, "results/0/properties/$&"),
  ],
  ([f, l, a, z, d]) => [
    { vorname: f, nachname: l, anschrift: a, plz: z, geburtsdatum: d },
    "vorname nachname anschrift plz geburtsdatum",
  ],
  ([f, l, a, z, d]) => [
    { nombre_completo: `${f} ${l}`, direccion: a, codigoPostal: z, fechaNacimiento: d },
    "nombre_completo direccion codigoPostal fechaNacimiento",
  ],
  ([f, l, a, z, d]) => [
    { prenom: f, nom: l, email: "x@example.com", adresse: a, code_postal: z, date_naissance: d },
    "prenom nom adresse code_postal date_naissance",
  ],
  ([f, l, a, z]) => [
    { shipping: { name: `${f} ${l}`, address: { line1: a, postal_code: z } }, amount: 3 },
    "shipping/name shipping/address/line1 shipping/address/postal_code",
  ],
];
const THINGS = [
  { name: "left-pad", version: "1.3.0", license: "MIT", main: "index.js" },
  { product: { name: "Blue Widget", brand: "Acme" }, price: 3 },
  { server: { name: "Prod DB", address: "10.0.0.5:5432", host: "db1.internal" } },
  { contract: { address: "0x52908400098527886E0F7030069857D2E4169EE7", name: "Token" } },
  { file_name: "Report", file: { name: "archive.zip", zip: true }, created: "2024-01-02" },
  { columns: ["id", "name", "status"], rows: [[1, "Nightly Build", "ok"]] },
  { repo: { full_name: "acme/widgets", description: "A library of widgets" } },
  { event: { name: "Summer Sale", start_date: "2024-06-01" }, display_name: "Sale 2024" },
  { table: "users", column_name: "first_name", data_type: "varchar" },
  { metric: { name: "Request Latency", unit: "ms" }, address_family: "ipv4" },
  { company: { name: "Acme Holdings Ltd", domain: "acme.example" } },
  { step: { name: "Checkout Code" }, uses: "actions/checkout@v4" },
];
const TYPES = new Set(["person_name", "street_address", "postcode", "date_of_birth"]);

export async function measure(scan, corpus) {
  const found = (document) =>
    new Set(
      scan(JSON.stringify(document), { role: "json" })
        .filter((f) => TYPES.has(f.type))
        .map((f) => f.pointer),
    );
  const misses = [];
  let fields = 0;
  for (const shape of SHAPES)
    for (const person of PEOPLE) {
      const [document, wanted] = shape(person);
      const seen = found(document);
      const pointers = wanted.includes("Zip Code")
        ? [...wanted.replace(" Zip Code", "").split(" "), "Zip Code"]
        : wanted.split(" ");
      fields += pointers.length;
      for (const pointer of pointers)
        if (!seen.has(`/${pointer}`)) misses.push(`/${pointer} in ${JSON.stringify(document)}`);
    }
  const calls = corpus("benign/tool_calls").map((row) => JSON.parse(row.text));
  const things = [...THINGS, ...calls];
  const alarms = THINGS.filter((document) => found(document).size > 0);
  const leaves = (value) =>
    typeof value === "object" && value !== null
      ? Object.values(value).reduce((n, each) => n + leaves(each), 0)
      : 1;
  const told = things.reduce((n, document) => n + found(document).size, 0);
  return [
    {
      class: "pii: name, address, birth date, postcode by key (records made here)",
      recall: 1 - misses.length / fields,
      fp: told / things.reduce((n, document) => n + leaves(document), 0),
      goal: "≥ 95 % of fields, ≤ .5 % false",
      misses,
      alarms: alarms.map((document) => JSON.stringify(document)),
    },
  ];
}
