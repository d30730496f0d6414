// The light and the dark scheme: that of the system until the button has set another one.
// Not a module, so that it runs before anything is drawn.
"use strict";
{
  const NAME = "nextword-theme";
  const ORDER = ["system", "light", "dark"];
  const LABELS = {system: "◐ System", light: "☀ Light", dark: "☾ Dark"};

  // Storage can be forbidden; then the choice is forgotten with the page.
  const attempt = work => {
    try {
      return work();
    } catch {
      return null;
    }
  };
  const saved = attempt(() => localStorage.getItem(NAME));
  let theme = ORDER.includes(saved) ? saved : "system";

  const apply = () => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };

  const show = button => {
    button.textContent = LABELS[theme];
    button.setAttribute("aria-label", `Color scheme: ${theme}`);
  };

  apply();
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    show(button);
    button.addEventListener("click", () => {
      theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
      attempt(() => localStorage.setItem(NAME, theme));
      apply();
      show(button);
    });
  });
}
