(function () {
  'use strict';
  var button = document.querySelector('button'), word = document.body.dataset.word;
  var above = location.ancestorOrigins, page = '', wait;
  try { page = new URL(document.referrer).origin; } catch (e) { return; }
  if (parent === window || !/^https?:/.test(page) || (above && above[0] !== page)) return;
  button.textContent = 'Tell ' + page + ': ' + word;
  button.hidden = false;
  var eye = new IntersectionObserver(function (seen) {
    var last = seen[seen.length - 1];
    clearTimeout(wait);
    button.disabled = true;
    if (last.isIntersecting && last.isVisible !== false && innerWidth >= 240 && innerHeight >= 100)
      wait = setTimeout(function () { button.disabled = false; }, 700);
  }, { threshold: 0.99, trackVisibility: true, delay: 100 });
  eye.observe(button);
  button.addEventListener('click', function (press) {
    if (!press.isTrusted || button.disabled) return;
    eye.disconnect();
    clearTimeout(wait);
    button.disabled = true;
    button.textContent = 'Told ' + page;
    parent.postMessage(word, page);
  });
})();
