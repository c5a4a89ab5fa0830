// What every suite is told, by environment variables, and the report of what ran. See conftest.py beside it.
import { writeFileSync } from "node:fs";
import { test } from "node:test";

const told = process.env;
const abilities = new Set(told.SUITE_ABILITIES.split(" "));
const models = JSON.parse(told.SUITE_MODELS);
const passed = {};

export const target = {
  url: told.MODELBAY_BASE_URL,
  key: told.MODELBAY_API_KEY,
  model: models.chat,
  models,
  prompt: (text) => (told.SUITE_SAY ?? "") + text,
};

// A test that is left out where the model behind the gateway lacks an ability.
export function can(ability, name, body) {
  if (!abilities.has(ability)) return;
  test(name, async () => {
    try {
      await body();
      passed[ability] = (passed[ability] ?? 0) + 1;
    } finally {
      if (touched) await order({});
    }
  });
}

let touched = false;

async function order(what) {
  touched = true;
  await fetch(told.SUITE_CONTROL, { method: "POST", body: JSON.stringify(what) });
}

export const upstream = {
  fails: (fault, times = null) => order({ fault, times }),
  calls: (tool, args) => order({ tool, arguments: args }),
};

export const schema = {
  type: "object",
  properties: { name: { type: "string" }, depth: { type: "integer" } },
  required: ["name", "depth"],
  additionalProperties: false,
};

export const city = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

process.on("exit", () => writeFileSync(told.SUITE_REPORT, JSON.stringify(passed)));
