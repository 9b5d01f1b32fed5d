// Saves what is written while it is written, and says so; says who else is here. The page works without it: every button
// is an ordinary button of an ordinary form.
const form = document.getElementById("fields");
if (form && form.dataset.editing) start(form, document.getElementById("saving"), document.getElementById("people"));

function start(form, state, people) {
  const words = form.dataset;
  const seen = form.querySelector("input[name=seen]");
  const token = form.querySelector("input[name=csrf_token]").value;
  const dirty = new Set();
  let saving = false;
  let onTheWay = Promise.resolve();
  let timer = 0;
  let leaving = false;

  const placeOf = (field) => field.closest("[data-place]")?.dataset.place;
  // A half of a pair that stands alone, or a NUL, cannot be kept by anybody: it becomes a visible mark instead of losing the rest.
  const whole = (text) => (text.toWellFormed ? text.toWellFormed() : text).replaceAll("\u0000", "\ufffd");

  function say(text, link) {
    state.replaceChildren(text);
    if (link) {
      const found = document.createElement("a");
      found.className = "govuk-link";
      found.href = link;
      found.textContent = words.clashLink;
      state.append(" ", found);
    }
  }

  function gather(sent) {
    const body = new URLSearchParams({ csrf_token: token, seen: seen.value });
    for (const [name, text] of new FormData(form)) {
      const place = /^[vmts]:([^:]*)/.exec(name)?.[1];
      if (place && sent.includes(place)) body.append(name, whole(String(text)));
    }
    return body;
  }

  // What this page has saved of a field is where its writer goes on from; all else goes on from the page as it was opened.
  function remember(place, version) {
    const name = `s:${place}`;
    let field = form.querySelector(`input[name="${CSS.escape(name)}"]`);
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      form.append(field);
    }
    field.value = version;
  }

  function save() {
    clearTimeout(timer);
    if (saving || leaving || dirty.size === 0) return;
    saving = true;
    onTheWay = sendDirty();
  }

  async function sendDirty() {
    const sent = [...dirty];
    const body = gather(sent);
    dirty.clear();
    say(words.saving);
    try {
      const answer = await fetch(words.editing, {
        method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout(20000),
      });
      if (answer.status === 401 || answer.status === 403 || answer.type === "opaqueredirect") return failed(sent, words.signedOut);
      if (!answer.ok) return failed(sent, words.failed);
      done(await answer.json(), sent);
    } catch {
      failed(sent, words.failed);
    } finally {
      saving = false;
      if (dirty.size) later(2000);
    }
  }

  function done(told, sent) {
    const wrong = [...told.aside, ...told.refused.map((one) => one.place)];
    for (const place of sent) if (!wrong.includes(place)) remember(place, told.version);
    for (const place of told.aside) hold(place);
    for (const one of told.refused) mark(one.place, one.text);
    if (told.aside.length) say(words.clash, told.conflicts);
    else if (told.refused.length) say(told.refused[0].text);
    else say(`${words.saved} ${told.at}`);
    people.textContent = told.others;
  }

  function failed(sent, text) {
    for (const place of sent) dirty.add(place);
    clearTimeout(timer);
    say(text);
    if (text === words.failed) timer = setTimeout(save, 15000);
  }

  // A field with a clash is not sent again: the server keeps what was written until somebody has looked at both.
  function hold(place) {
    const fields = form.querySelectorAll(`[data-place="${CSS.escape(place)}"] :is(input, textarea, select)`);
    for (const field of fields) field.disabled = true;
    mark(place, words.clash);
  }

  function mark(place, text) {
    const box = form.querySelector(`[data-place="${CSS.escape(place)}"] .md-field__main`);
    if (!box || box.querySelector(".govuk-error-message")) return;
    const line = document.createElement("p");
    line.className = "govuk-error-message";
    line.textContent = text;
    box.append(line);
  }

  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  }

  form.addEventListener("input", (event) => {
    const place = placeOf(event.target);
    if (!place) return;
    dirty.add(place);
    if (!saving) state.textContent = words.unsaved;
    count(event.target);
    later(10000);
  });
  form.addEventListener("change", (event) => {
    if (placeOf(event.target)) later(800);
  });
  form.addEventListener("submit", (event) => {
    if (saving) {
      // What is on its way is saved first, or the form would clash with what this page itself has written.
      event.preventDefault();
      const button = event.submitter;
      onTheWay.then(() => form.requestSubmit(button));
      return;
    }
    leaving = true;
    clearTimeout(timer);
    for (const field of form.querySelectorAll("textarea, input:not([type=hidden])")) {
      const text = whole(field.value);
      if (text !== field.value) field.value = text;
    }
  });
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("beforeunload", (event) => {
    if (dirty.size && !leaving) event.preventDefault();
  });
  window.addEventListener("pagehide", () => {
    const body = new URLSearchParams({ csrf_token: token, part: words.part, leaving: "1" });
    navigator.sendBeacon(words.presence, body);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save();
  });

  // How long a text is, for whoever writes for a form of paper.
  function count(field) {
    if (field.tagName !== "TEXTAREA") return;
    let line = field.parentElement.querySelector(".md-field__count");
    if (!line) {
      line = document.createElement("p");
      line.className = "md-field__count";
      field.after(line);
    }
    line.textContent = `${[...field.value].length.toLocaleString()} ${words.letters}`;
  }
  form.addEventListener("focusin", (event) => count(event.target));

  async function present() {
    if (document.visibilityState !== "visible") return;
    const body = new URLSearchParams({ csrf_token: token, part: words.part });
    try {
      const answer = await fetch(words.presence, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" });
      if (answer.ok) people.textContent = (await answer.json()).others;
    } catch {
      // Nothing to say: the next save says whether the office can be reached.
    }
  }
  setInterval(present, 30000);

  // A link to an item inside a folded row opens the row.
  function unfold() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let row = target.closest("details"); row; row = row.parentElement.closest("details")) row.open = true;
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);
  unfold();
}
