// Says two minutes before a session ends that it will, and lets her go on with one press. Nothing she has typed is lost either way.
// Without this script the page says the time at its head, and opening any page moves it on.
const shown = document.querySelector("[data-session-ends]");
const box = document.querySelector("[data-session-warning]");
if (shown && box) {
  const WARN = 120000;
  // The difference to the server's clock: a visitor's own may be wrong.
  let ends = Date.now() + Number(shown.dataset.sessionLeft) * 1000;
  const say = (name) => {
    // At a terminal of the counter the page must not stay for the next person. The time left was told in whole seconds, so the
    // session lives up to one second longer: asking sooner would prolong it.
    if (name === "over" && box.dataset.sessionLeave) {
      const away = box.dataset.sessionLeave;
      document.body.replaceChildren();
      setTimeout(() => location.replace(away), 2000);
      return;
    }
    for (const one of box.querySelectorAll("[data-session-say]")) one.hidden = one.dataset.sessionSay !== name;
    box.hidden = !name;
  };
  let timer;
  const look = () => {
    clearTimeout(timer);
    const left = ends - Date.now();
    if (left <= 0) say("over");
    else if (left <= WARN) say("soon");
    else say("");
    if (left > 0) timer = setTimeout(look, Math.min(left > WARN ? left - WARN : left, 60000) + 50);
  };
  box.querySelector("[data-session-stay]").addEventListener("click", async () => {
    try {
      const answer = await fetch("/session/alive", { headers: { Accept: "application/json" }, redirect: "error" });
      if (!answer.ok) throw new Error("ended");
      const { ends_at: at, left } = await answer.json();
      ends = Date.now() + left * 1000;
      shown.dateTime = at;
      const [hour, minute] = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Tokyo" }).format(new Date(at)).split(":");
      // Only the figures change: the words between them are the page's own language.
      shown.textContent = shown.textContent.replace(/\d+(\D+)\d+/, (_, between) => `${between === ":" ? hour : Number(hour)}${between}${minute}`);
      look();
      document.querySelector("main").focus();
    } catch {
      clearTimeout(timer);
      say("over");
    }
  });
  if (box.dataset.sessionLeave) {
    // What a browser keeps of a page to go back to is empty, and is asked for anew; what was typed is offered to nobody.
    addEventListener("pagehide", () => document.body.replaceChildren());
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
    for (const field of document.querySelectorAll("form, input, textarea")) field.autocomplete = "off";
  }
  look();
}
