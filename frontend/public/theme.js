// Runs before the first paint, so that a page chosen to be dark never flashes white.
// A file of its own rather than an inline script: a strict content security policy may forbid those.
try {
  const chosen = localStorage.getItem('avaaz.theme')
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
} catch {
  // Storage is closed to us: the system's theme it is.
}
