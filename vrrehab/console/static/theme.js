// Before anything is drawn: light or dark, as chosen on this device, else as the device is.
document.documentElement.dataset.theme =
  localStorage.getItem("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
