// The Vercel AI SDK over each of its providers that speaks to the gateway.
import assert from "node:assert/strict";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany, generateText, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { can, target, upstream } from "./suite.mjs";

const baseURL = `${target.url}/v1`;
const makers = {
  openai: (apiKey) => createOpenAI({ baseURL, apiKey }).chat(target.model),
  "openai-responses": (apiKey) => createOpenAI({ baseURL, apiKey }).responses(target.model),
  "openai-compatible": (apiKey) =>
    createOpenAICompatible({ name: "modelbay", baseURL, apiKey, supportsStructuredOutputs: true })(target.model),
  anthropic: (apiKey) => createAnthropic({ baseURL, apiKey })(target.model),
};
const Bay = z.object({ name: z.string(), depth: z.number().int() });
const prompt = target.prompt("What is a bay?");

for (const [dialect, make] of Object.entries(makers)) {
  const model = make(target.key);

  can(dialect, `${dialect}: an answer comes whole`, async () => {
    const answer = await generateText({ model, system: "Be brief.", prompt });

    assert.match(answer.text, /What is a bay\?/);
    assert.equal(answer.finishReason, "stop");
    assert.ok(answer.usage.outputTokens > 0);
  });

  can(dialect, `${dialect}: an answer is streamed`, async () => {
    const answer = streamText({ model, prompt });
    let told = "";
    for await (const text of answer.textStream) told += text;

    assert.match(told, /What is a bay\?/);
    assert.equal(await answer.finishReason, "stop");
  });

  can(dialect, `${dialect}: a tool is run and its result is used`, async () => {
    const execute = async ({ city }) => `It rains in ${city}.`;
    const get_weather = tool({ description: "Tell the weather.", inputSchema: z.object({ city: z.string() }), execute });
    await upstream.calls("get_weather", { city: "Bergen" });
    const answer = await generateText({ model, tools: { get_weather }, stopWhen: stepCountIs(3), prompt: "How is it?" });

    assert.match(answer.text, /It rains in Bergen\./);
  });

  can(dialect, `${dialect}: an answer follows a schema`, async () => {
    const answer = await generateText({ model, output: Output.object({ schema: Bay }), prompt: "A bay of 7 metres." });

    assert.equal(typeof answer.output.depth, "number");
  });

  can(dialect, `${dialect}: a wrong key is told`, async () => {
    const refused = (error) => APICallError.isInstance(error) && error.statusCode === 401;

    await assert.rejects(generateText({ model: make("wrong"), prompt, maxRetries: 0 }), refused);
  });
}

can("embeddings", "texts become vectors", async () => {
  const provider = createOpenAI({ baseURL, apiKey: target.key });
  const model = provider.embeddingModel(target.models.embeddings);
  const answer = await embedMany({ model, values: ["a bay", "a fjord"] });

  assert.equal(answer.embeddings.length, 2);
});
