/** The guard in a worker: `{id, prompt, response, point}` in, `{id, verdict}` or `{id, error}` out. */

import { Guard } from "./guard.js";

const loading = Guard.load().then(async (guard) => {
  await guard.check("The first run is slow.");
  return guard;
});
loading.then(
  ({ settings }) => postMessage({ settings }),
  (error) => postMessage({ error: error.message }),
);

onmessage = async ({ data: { id, prompt, response, point } }) => {
  try {
    const guard = (await loading).operatingPoint(point);
    const start = performance.now();
    const verdict = await guard.check(prompt, response);
    postMessage({ id, verdict, milliseconds: performance.now() - start });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
};
