// Takes the page's new content as it is told. Without this the page reloads.
"use strict";
const main = document.getElementById("main");
const source = new EventSource("events");
source.addEventListener("now", e => { main.innerHTML = JSON.parse(e.data); });
source.addEventListener("end", e => { main.innerHTML = JSON.parse(e.data); source.close(); });
