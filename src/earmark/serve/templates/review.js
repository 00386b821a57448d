"use strict";

const at = (id) => document.getElementById(id);
const SAID = { keep: "kept", relabel: "relabelled", drop: "dropped" };
const ahead = new Map(); // excerpts that are here or on their way, by place
const KEPT_AHEAD = 6;
let review; // what the server says of the whole
let place = 0; // which clip is shown; after the last one, the end
let heard = null; // which clip is in the player: the one shown, or one beside it
let work = Promise.resolve(); // keys are acted on one after the other, however fast they come

async function ask(path, body) {
  const how = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let reply;
  try {
    reply = await fetch(path, how);
  } catch {
    throw new Error(`${body ? "Not saved: t" : "T"}he program in the terminal has ended. Start it again: it shows a new address.`);
  }
  const said = await reply.json();
  if (!reply.ok) throw new Error(said.error);
  return said;
}

function tell(message, isFault = false) {
  at("status").textContent = message;
  at("status").classList.toggle("fault", isFault);
}

function then(step) {
  work = work.then(step).catch((error) => tell(error.message, true));
}

function make(tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

function verdict(suspect) {
  const { decision } = suspect;
  if (!decision) return "";
  return decision.action === "relabel" ? `relabelled ${decision.new_label}` : SAID[decision.action];
}

// ---------------------------------------------------------------- showing

function excerptOf(which) {
  if (!ahead.has(which)) {
    const excerpt = ask(`clip/${which}`);
    excerpt.catch(() => ahead.delete(which));
    ahead.set(which, excerpt);
    if (ahead.size > KEPT_AHEAD) ahead.delete(ahead.keys().next().value);
  }
  return ahead.get(which);
}

function showCount() {
  const n = review.suspects.length;
  const nDecided = review.suspects.filter((suspect) => suspect.decision).length;
  at("count").textContent = `${nDecided} of ${n} decided`;
  at("done").max = n || 1;
  at("done").value = nDecided;
}

function showFindings(suspect) {
  at("findings").replaceChildren(...suspect.findings.map((number) => {
    const finding = review.findings[number];
    const item = make("li", "", finding.severity);
    item.append(make("b", finding.kind.replaceAll("-", " ")), ` ${finding.message}`);
    item.append(make("small", [finding.advice, `sure to ${Math.round(100 * finding.score)} %`].filter(Boolean).join(" · ")));
    return item;
  }));
}

function beside(suspect) {
  const all = suspect.findings.flatMap((number) => review.findings[number].suspects);
  return [...new Set(all)].filter((other) => other !== place).slice(0, 9);
}

function showBeside(suspect) {
  const others = beside(suspect);
  at("beside").hidden = !others.length;
  at("others").replaceChildren(...others.map((other, index) => {
    const { address, label } = review.suspects[other];
    const button = make("button");
    button.type = "button";
    button.dataset.other = other;
    button.append(make("kbd", String(index + 1)), make("span", address));
    button.append(make("small", [label, verdict(review.suspects[other])].filter(Boolean).join(", ")));
    button.addEventListener("click", () => hear(other).catch((error) => tell(error.message, true)));
    const item = make("li");
    item.append(button);
    return item;
  }));
}

function show(which) {
  const { suspects } = review;
  place = Math.max(0, Math.min(which, suspects.length));
  const isEnd = place === suspects.length;
  at("card").hidden = isEnd;
  at("end").hidden = !isEnd;
  for (const what of ["keep", "relabel", "drop", "play"]) document.querySelector(`[data-do=${what}]`).disabled = isEnd;
  showCount();
  if (isEnd) {
    showEnd();
    return;
  }
  const suspect = suspects[place];
  document.title = `${place + 1} of ${suspects.length}: ${review.title}`;
  at("name").textContent = suspect.address;
  at("label").textContent = suspect.label;
  at("decision").textContent = verdict(suspect);
  const facts = [`${place + 1} of ${suspects.length}, worst first`];
  if (suspect.group) facts.push(`group ${suspect.group}`);
  if (suspect.fold !== null) facts.push(`fold ${suspect.fold}`);
  at("facts").textContent = facts.join(" · ");
  showFindings(suspect);
  showBeside(suspect);
  scrollTo(0, 0);
  hear(place).then(() => {
    if (place + 1 < suspects.length) excerptOf(place + 1).catch(() => {}); // told when it is its turn
  }).catch((error) => tell(error.message, true));
}

function showEnd() {
  heard = null;
  at("player").pause();
  const said = review.suspects.map((suspect) => suspect.decision?.action ?? "left");
  const tally = ["keep", "relabel", "drop", "left"].map((action) => {
    const n = said.filter((other) => other === action).length;
    return n ? `${n} ${SAID[action] ?? "not decided"}` : "";
  });
  const isDone = !said.includes("left");
  document.title = review.title;
  at("end").querySelector("h2").textContent = isDone ? "Every clip is decided" : "The end of the list";
  at("tally").textContent = review.suspects.length ? `${tally.filter(Boolean).join(", ")}.` : "There was no clip to judge.";
}

async function hear(which) {
  heard = which;
  const player = at("player");
  player.pause();
  player.removeAttribute("src");
  at("picture").removeAttribute("src");
  at("caption").textContent = "Loading ...";
  const excerpt = await excerptOf(which);
  if (heard !== which) return;
  const { address } = review.suspects[which];
  const isPlayable = Boolean(excerpt.sound);
  player.hidden = at("picture").hidden = !isPlayable;
  at("reason").hidden = isPlayable;
  at("reason").textContent = excerpt.reason ?? "";
  at("caption").textContent = [which === place ? "" : address, excerpt.caption].filter(Boolean).join(": ");
  for (const button of document.querySelectorAll("[data-other]")) {
    button.setAttribute("aria-current", Number(button.dataset.other) === which);
  }
  if (!isPlayable) return;
  at("picture").src = `picture/${which}`;
  at("picture").alt = `Spectrogram of ${address}: time to the right, pitch upwards, lighter is louder`;
  player.src = excerpt.sound;
  play();
}

function play() {
  // Browsers play nothing before the first key or click on a page.
  at("player").play().catch((error) => {
    if (error.name === "NotAllowedError") tell("Press Space to play.");
  });
}

// ---------------------------------------------------------------- deciding

function nextUndecided() {
  const n = review.suspects.length;
  for (let step = 1; step <= n; step += 1) {
    const which = (place + step) % n;
    if (!review.suspects[which].decision) return which;
  }
  return n;
}

async function decide(action, newLabel = "") {
  if (place === review.suspects.length) return;
  const said = await ask("decide", { place, action, new_label: newLabel });
  const suspect = review.suspects[said.place];
  suspect.decision = said.decision;
  if (newLabel && !review.labels.includes(newLabel)) review.labels = [...review.labels, newLabel].sort();
  tell(`Saved: ${suspect.address} ${verdict(suspect)}.`);
  show(nextUndecided());
}

async function undo() {
  const said = await ask("undo", {});
  if (said.place !== null) {
    review.suspects[said.place].decision = said.decision;
    show(said.place);
  }
  tell(`Taken back: ${said.address}.`);
}

async function finish() {
  await ask("finish", {});
  at("player").pause();
  document.body.dataset.finished = "true";
  for (const button of document.querySelectorAll("button")) button.disabled = true;
  tell("Finished: this page can be closed.");
}

// ---------------------------------------------------------------- relabelling

const wanted = at("wanted");
let chosen = 0;

function choices() {
  const typed = wanted.value.trim();
  const now = review.suspects[place].label;
  const search = typed.toLowerCase();
  const found = review.labels.filter((label) => label !== now && label.toLowerCase().includes(search));
  const said = review.suspects[place].findings.map((number) => review.findings[number].message).join(" ");
  const rank = (label) => 2 * label.toLowerCase().startsWith(search) + said.includes(`'${label}'`);
  found.sort((one, other) => rank(other) - rank(one)); // first what the findings name, when nothing is typed
  const isNew = typed && typed !== now && !review.labels.includes(typed);
  return [...found.map((label) => ({ label, note: "" })), ...(isNew ? [{ label: typed, note: "a new class" }] : [])];
}

function showChoices() {
  const all = choices();
  chosen = Math.max(0, Math.min(chosen, all.length - 1));
  at("choices").replaceChildren(...all.map(({ label, note }, index) => {
    const item = make("li", label);
    item.id = `choice-${index}`;
    item.role = "option";
    item.ariaSelected = String(index === chosen);
    if (note) item.append(" ", make("small", note));
    item.addEventListener("click", () => take(index));
    return item;
  }));
  if (all.length) {
    wanted.setAttribute("aria-activedescendant", `choice-${chosen}`);
    at(`choice-${chosen}`).scrollIntoView({ block: "nearest" });
  }
}

function openRelabel() {
  if (place === review.suspects.length) return;
  wanted.value = "";
  chosen = 0;
  at("ask").textContent = `Labelled ${review.suspects[place].label}. What is it?`;
  showChoices();
  at("relabel").showModal();
  wanted.focus();
}

function take(index) {
  const choice = choices()[index];
  if (!choice) return;
  at("relabel").close();
  then(() => decide("relabel", choice.label));
}

wanted.addEventListener("input", () => {
  chosen = 0;
  showChoices();
});
wanted.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const n = choices().length;
  if (n) chosen = (chosen + step + n) % n;
  showChoices();
});
at("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  take(chosen);
});

// ---------------------------------------------------------------- keys

const DO = {
  keep: () => decide("keep"),
  drop: () => decide("drop"),
  relabel: openRelabel,
  undo,
  back: () => show(place - 1),
  next: () => show(place + 1),
  play: () => {
    if (place === review.suspects.length) return;
    if (at("player").paused) play();
    else at("player").pause();
  },
  finish: () => (at("end").hidden ? undefined : finish()),
};
const KEYS = {
  k: "keep", d: "drop", r: "relabel", u: "undo", f: "finish", ArrowLeft: "back", ArrowRight: "next", " ": "play",
};

document.addEventListener("keydown", (event) => {
  if (!review || at("relabel").open || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const other = /^[1-9]$/.test(event.key) && document.querySelectorAll("[data-other]")[event.key - 1];
  if (!action && !other) return;
  if (event.key === " " && event.target instanceof HTMLButtonElement) return; // it presses the button
  event.preventDefault();
  if (event.repeat && !action?.match(/^(back|next)$/)) return; // a key that is held down decides once
  if (action) then(DO[action]);
  else other.click();
});
for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", (event) => {
    // A button that kept the focus would be pressed by Space once more, for the next clip.
    if (event.detail) at("main").focus();
    if (event.detail > 1) return; // the second half of a double click is not meant for the next clip
    then(DO[button.dataset.do]);
  });
}
at("finish").addEventListener("click", () => then(finish));

then(async () => {
  review = await ask("state");
  at("title").textContent = `Review of ${review.title}`;
  at("table").textContent = review.table;
  at("next").textContent = review.next_step;
  const first = review.suspects.findIndex((suspect) => !suspect.decision);
  show(first < 0 ? review.suspects.length : first);
});
