// The waiting page asks how the card login stands and shows the next page when it changes. Without this script the page
// refreshes itself.
const box = document.querySelector("[data-card-wait]");
if (box) {
  const now = box.dataset.cardWait;
  const left = box.querySelector("[data-seconds-left]");
  const end = Date.now() + Number(box.dataset.seconds) * 1000;
  const look = async () => {
    const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (left) left.textContent = String(seconds);
    try {
      const answer = await fetch("/login/card/state", { headers: { Accept: "application/json" } });
      const { state } = await answer.json();
      if (state !== now) {
        location.reload();
        return;
      }
    } catch {
      // The next look may succeed; the page stays as it is meanwhile.
    }
    setTimeout(look, seconds > 0 ? 1000 : 5000);
  };
  setTimeout(look, 1000);
}
