import { expect, it } from "vitest";
import { bootLines } from "../../src/policy/bootline.js";
import { postureOf } from "./sample.js";

it("says the profile and the six of the contract in the form others match on", () => {
  expect(bootLines(postureOf({ SALLYPORT_PROFILE: "strict" }))[0]).toBe(
    "[Profile] sallyport active: strict — PII=block, SQLI=block, SensitiveData=block, HighRisk=warn, " +
      "DangerousQuery=block, DangerousCommand=block",
  );
});

it("says the other four and where every value comes from", () => {
  const env = { SALLYPORT_PROFILE: "dev", SALLYPORT_ENFORCE: "pii,sqli", EXFILTRATION_ACTION: "redact" };
  expect(bootLines(postureOf(env))[1]).toBe(
    "[Profile] also: PromptInjection=log, UnsafeCode=log, ToolIntegrity=log, Exfiltration=redact; " +
      "profile dev from SALLYPORT_PROFILE; pii, sqli from SALLYPORT_ENFORCE; exfiltration from EXFILTRATION_ACTION",
  );
});
