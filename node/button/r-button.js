// The r-button (Parley): <script src=".../r-button.js" data-vendor="did:..."></script>
// It shows a frame from the visitor's own node, if one answers. This page
// learns nothing but that, until the visitor presses "Tell" in the frame: then
// the element .r-button gets an event 'r-button' with the word as its detail.
(function () {
  'use strict';
  var me = document.currentScript, set = me.dataset, box = document.createElement('span');
  var node = (set.node || 'http://127.0.0.1:7117').replace(/\/+$/, '');
  var at = set.at && document.querySelector(set.at);
  var asking = false;

  function style(element, rules) { for (var name in rules) element.style[name] = rules[name]; }
  function size(element, width, height) { style(element, { width: width + 'px', height: height + 'px' }); }

  // Until a node answers, and where none does: the outlined symbol, and what it is.
  function symbol() {
    var link = document.createElement('a'), svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    link.href = set.about || new URL('r-button.html', me.src).href;
    link.title = 'r-button: what is this?';
    link.setAttribute('aria-label', link.title);
    style(link, { color: 'inherit', display: 'inline-block', padding: '4px' });
    svg.setAttribute('viewBox', '0 0 24 16');
    svg.setAttribute('aria-hidden', 'true');
    style(svg, { display: 'block' });
    size(svg, 24, 16);
    ['M9 3H7a5 5 0 0 0 0 10h2', 'M15 3h2a5 5 0 0 1 0 10h-2'].forEach(function (d) {
      var path = document.createElementNS(svg.namespaceURI, 'path');
      path.setAttribute('d', d);
      path.setAttribute('fill', 'none');
      path.setAttribute('stroke', 'currentColor');
      path.setAttribute('stroke-width', '2');
      svg.append(path);
    });
    link.append(svg);
    return link;
  }

  function frame() {
    var f = document.createElement('iframe');
    function big() { size(f, 300, 170); }
    function small() { if (document.activeElement !== f) size(f, 32, 24); }
    f.setAttribute('sandbox', 'allow-scripts allow-popups allow-popups-to-escape-sandbox');
    f.referrerPolicy = 'origin';
    f.title = 'Your relationship with this vendor, shown by your own node';
    f.src = node + '/r-button?vendor=' + encodeURIComponent(set.vendor || '');
    style(f, { border: '0', position: 'absolute', top: '0', left: '0', zIndex: '2147483647' });
    size(f, 32, 24);
    f.addEventListener('mouseenter', big);
    f.addEventListener('mouseleave', small);
    addEventListener('blur', function () { if (document.activeElement === f) big(); });
    addEventListener('focus', function () { size(f, 32, 24); });
    addEventListener('message', function (told) {
      if (told.source === f.contentWindow && typeof told.data === 'string')
        box.dispatchEvent(new CustomEvent('r-button', { detail: told.data, bubbles: true }));
    });
    box.replaceChildren(f);
  }

  function ask() {
    asking = true;
    fetch(node + '/r-button', { mode: 'no-cors', credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' })
      .then(frame, function () { });
  }

  // A browser that asks its user before a page may reach this machine is not
  // made to ask until the visitor presses the symbol.
  function permitted(names) {
    if (!names.length || !navigator.permissions) return ask();
    navigator.permissions.query({ name: names[0] }).then(function (p) {
      if (p.state === 'granted') return ask();
      if (p.state === 'prompt') box.firstChild.addEventListener('click', function (press) {
        if (!asking) { press.preventDefault(); ask(); }
      });
    }, function () { permitted(names.slice(1)); });
  }

  box.className = 'r-button';
  style(box, { position: 'relative', display: 'inline-block' });
  size(box, 32, 24);
  box.append(symbol());
  if (at) at.append(box); else me.after(box);
  permitted(['loopback-network', 'local-network-access']);
})();
