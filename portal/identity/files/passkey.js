// Staff pages: asks the server for a challenge, hands it to the security key, puts the key's answer into the form and sends it.
const forms = document.querySelectorAll("form[data-passkey]");
for (const form of forms) {
  const button = form.querySelector("button");
  const message = form.querySelector("[data-passkey-message]");
  const say = (text) => {
    message.textContent = text;
    message.hidden = !text;
    if (text) message.focus();
  };
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    say(form.dataset.unsupported);
    button.disabled = true;
    continue;
  }
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    say("");
    button.disabled = true;
    try {
      const answer = await fetch(form.dataset.options, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": form.elements.csrf_token.value },
        body: JSON.stringify({ code: form.elements.code?.value ?? "" }),
      });
      const body = await answer.json();
      if (!answer.ok) {
        say([body.detail, body.next].filter(Boolean).join(" "));
        return;
      }
      const made = form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(body) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(body) });
      form.elements.credential.value = JSON.stringify(made.toJSON());
      form.requestSubmit();
    } catch {
      say(form.dataset.failed);
    } finally {
      button.disabled = false;
    }
  });
}
// A page that the browser brings back must not send an answer a second time.
addEventListener("pageshow", () => {
  for (const form of forms) form.elements.credential.value = "";
});
