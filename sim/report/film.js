// Plays the spread over a network. The still frames above say the same.
"use strict";
for (const box of document.querySelectorAll(".film")) {
  const data = JSON.parse(box.querySelector("script").textContent);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", box.dataset.title);
  const bar = document.createElement("div");
  bar.className = "controls";
  const button = document.createElement("button");
  button.type = "button";
  const slider = Object.assign(document.createElement("input"), { type: "range", min: data.first, max: data.last, step: 1, value: data.first });
  slider.setAttribute("aria-label", box.dataset.unit);
  const told = document.createElement("output");
  bar.append(button, slider, told);
  box.append(canvas, bar);
  box.hidden = false;

  const vendor = new Uint8Array(data.x.length);
  for (const v of data.vendor) vendor[v] = 1;
  let at = data.first, timer = 0;

  // Each comes and goes by turns: inside after an odd number of them.
  const turned = i => { let n = 0; for (const t of data.turns[i]) if (t <= at) n++; return n; };
  const inside = i => turned(i) % 2 === 1;
  const ink = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  function draw() {
    const side = canvas.clientWidth || 600, dense = window.devicePixelRatio || 1;
    canvas.width = canvas.height = Math.round(side * dense);
    const c = canvas.getContext("2d");
    c.scale(dense, dense);
    const pad = 14, of = v => pad + v / 1000 * (side - 2 * pad);
    const lines = (both, colour, width) => {
      c.beginPath();
      for (const [a, b] of data.edges) {
        if ((inside(a) && inside(b)) !== both) continue;
        c.moveTo(of(data.x[a]), of(data.y[a]));
        c.lineTo(of(data.x[b]), of(data.y[b]));
      }
      c.strokeStyle = colour;
      c.lineWidth = width;
      c.stroke();
    };
    lines(false, ink("grid"), 0.6);
    lines(true, ink("idle"), 0.9);
    const colours = { out: ink("idle"), gone: ink("c1"), person: ink("c0"), vendor: ink("c4") };
    const r = data.x.length > 400 ? 3 : 4.5;
    let people = 0, vendors = 0;
    for (const pass of ["out", "gone", "in"]) {
      for (let i = 0; i < data.x.length; i++) {
        const n = turned(i), now = n % 2 ? "in" : n ? "gone" : "out";
        if (now !== pass) continue;
        if (now === "in") vendor[i] ? vendors++ : people++;
        c.fillStyle = now === "in" ? (vendor[i] ? colours.vendor : colours.person) : colours[now];
        const x = of(data.x[i]), y = of(data.y[i]);
        // Who has just joined is drawn larger for a moment.
        const s = now === "in" && data.turns[i][n - 1] === at && at > data.first ? r * 1.6 : r;
        c.beginPath();
        if (vendor[i]) c.rect(x - s, y - s, 2 * s, 2 * s); else c.arc(x, y, s, 0, 7);
        c.fill();
      }
    }
    told.value = `${box.dataset.unit} ${at}: ${people} people, ${vendors} vendors`;
    slider.value = at;
    box.dataset.at = at;
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Play";
  }
  function play() {
    if (at >= data.last) at = data.first;
    button.textContent = "Pause";
    const wait = Math.min(400, Math.max(40, 9000 / (data.last - data.first + 1)));
    timer = setInterval(() => {
      if (at >= data.last) return stop();
      at++;
      draw();
    }, wait);
  }
  button.addEventListener("click", () => timer ? stop() : play());
  slider.addEventListener("input", () => { stop(); at = +slider.value; draw(); });
  addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  stop();
  draw();
  if (!calm.matches && "IntersectionObserver" in window) {
    const seen = new IntersectionObserver(entries => {
      if (!entries.some(e => e.isIntersecting)) return;
      seen.disconnect();
      if (!timer && at === data.first) play();
    }, { threshold: 0.4 });
    seen.observe(canvas);
  }
}
