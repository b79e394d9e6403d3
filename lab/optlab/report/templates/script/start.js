// Before anything is drawn: that there is a script, and the theme chosen last time.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("optlab-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* storage is off: the theme of the system stands */ }
