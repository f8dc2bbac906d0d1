/** Named validators that rules may call with `check:`. Each takes the matched text. */
import { aba, card, iban } from "./finance.js";
import * as people from "./people.js";
import { basic, email, entropy, generated, ipv4, ipv6, jwt, password, secretValue, urlPassword } from "./text.js";

/** True or false; or how many characters from the start are the thing, 0 for none. */
export type Check = (value: string) => boolean | number;

export const CHECKS: Readonly<Record<string, Check>> = {
  aadhaar: people.aadhaar,
  aba,
  basic,
  bsn: people.bsn,
  card,
  cnpj: people.cnpj,
  codice_fiscale: people.codiceFiscale,
  cpf: people.cpf,
  dni: people.dni,
  e164: people.e164,
  email,
  entropy,
  generated,
  hetu: people.hetu,
  iban,
  ipv4,
  ipv6,
  itin: people.itin,
  jwt,
  my_number: people.myNumber,
  nanp: people.nanp,
  nhs: people.nhs,
  nik: people.nik,
  nir: people.nir,
  npi: people.npi,
  nric: people.nric,
  password,
  personnummer: people.personnummer,
  pesel: people.pesel,
  phone: people.phone,
  phone_shape: people.phoneShape,
  rrn: people.rrn,
  secret_value: secretValue,
  sin: people.sin,
  ssn: people.ssn,
  steuer_id: people.steuerId,
  tckn: people.tckn,
  tfn: people.tfn,
  thai_id: people.thaiId,
  url_password: urlPassword,
  za_id: people.zaId,
};
