/** The header's sign of whether a model writes or the chart is only quoted. */

import { getReadiness } from "./api.js";

const WAITING_MS = 4_000;
const SETTLED_MS = 30_000;

/** Keep `root` up to date while the page is visible. `onChange` hears every new state. */
export function watchModel(root, onChange = () => {}) {
  const words = root.querySelector(".model-words");
  let timer = 0;

  function show(state, text, title) {
    if (root.dataset.state === state && words.textContent === text) return;
    root.dataset.state = state;
    words.textContent = text;
    root.title = title;
    onChange(state);
  }

  async function look() {
    clearTimeout(timer);
    if (document.hidden) return;
    let ready = false;
    try {
      const { model } = await getReadiness();
      ready = Boolean(model?.ready);
      if (ready) show("ready", "Model ready", `${model.name ?? "The model"} rewrites what the chart says; code checks every statement.`);
      else show("waiting", "Quoting only", `Summaries quote the chart’s own words until a model is ready. ${model?.detail ?? ""}`);
    } catch {
      show("lost", "Service not reached", "The service does not answer. The page keeps trying.");
    }
    timer = setTimeout(look, ready ? SETTLED_MS : WAITING_MS);
  }

  document.addEventListener("visibilitychange", look);
  look();
}
