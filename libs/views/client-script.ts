/**
 * The script of all pages, as text; the pages work without it. It follows a live log (text nodes
 * and the fixed colour classes only), and fetches a page that still changes again, while somebody
 * looks.
 */
export const clientScript = `'use strict';
(function () {
  var classes = /^(([fg]([0-9]|1[0-5])|b|dim|i|u)( (?=.)|$))*$/;
  var keptNodes = 4000;
  var refreshMilliseconds = 4000;

  function follow(log) {
    var note = document.querySelector('.following');
    var source = new EventSource(log.dataset.stream);
    var attempts = 0;
    if (note) note.hidden = false;
    source.addEventListener('log', function (event) {
      var atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      JSON.parse(event.data).forEach(function (span) { log.append(drawn(span)); });
      while (log.childNodes.length > keptNodes) log.firstChild.remove();
      if (atEnd) log.scrollTop = log.scrollHeight;
    });
    source.addEventListener('attempt', function () {
      attempts += 1;
      var pinned = log.dataset.stream.indexOf('attempt=') > 0;
      if (!pinned || attempts > 1 && source.readyState === 2) location.reload();
    });
    source.addEventListener('end', function () {
      source.close();
      location.reload();
    });
  }

  function drawn(span) {
    if (!span[1] || !classes.test(span[1])) return document.createTextNode(span[0]);
    var element = document.createElement('span');
    element.className = span[1];
    element.textContent = span[0];
    return element;
  }

  function refresh(main) {
    setTimeout(function () {
      if (document.hidden || busy()) return refresh(main);
      fetch(location.href, { headers: { accept: 'text/html' } })
        .then(function (answer) { return answer.ok ? answer.text() : null; })
        .then(function (text) {
          var parsed = text && new DOMParser().parseFromString(text, 'text/html');
          var next = parsed && parsed.querySelector('main');
          if (!next || busy()) return refresh(main);
          main.replaceWith(next);
          if (next.dataset.live) refresh(next);
        })
        .catch(function () { refresh(main); });
    }, refreshMilliseconds);
  }

  function busy() {
    var chosen = getSelection();
    var focused = document.activeElement;
    return (chosen && !chosen.isCollapsed) || (focused && focused.tagName === 'INPUT');
  }

  document.querySelectorAll('.log').forEach(function (one) { one.scrollTop = one.scrollHeight; });
  var log = document.querySelector('[data-stream]');
  if (log && window.EventSource) follow(log);
  var main = document.querySelector('main[data-live]');
  if (main && window.DOMParser) refresh(main);
})();
`;
