// Asks for this page again every second, and changes what is not as it was: without losing what is open, typed or
// focused, and with a moment's light on every line that changed.
(() => {
  const PAUSE = 1000;
  const live = document.getElementById('live');
  const main = document.getElementById('main');

  const say = (state, text) => {
    if (live.textContent === text) return;
    live.className = 'live ' + state;
    live.textContent = text;
  };

  const light = node => {
    const line = (node.nodeType === 1 ? node : node.parentElement)?.closest('tr, summary, .flash');
    if (!line || line.classList.contains('changed')) return;
    line.classList.add('changed');
    setTimeout(() => line.classList.remove('changed'), 4000);
  };

  const attributes = (old, fresh) => {
    for (const { name, value } of [...fresh.attributes]) {
      if (name === 'open' || name === 'class' && old.classList.contains('changed')) continue;
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== 'open' && name !== 'class') old.removeAttribute(name);
    }
  };

  // Makes `old` what `fresh` is. Elements with an id are followed wherever they went.
  const patch = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== 1) {
      old.data = fresh.data;
      light(old);
      return;
    }
    attributes(old, fresh);
    const known = new Map([...old.children].filter(child => child.id).map(child => [child.id, child]));
    let place = old.firstChild;
    for (const child of [...fresh.childNodes]) {
      const same = child.id ? known.get(child.id) : place && !place.id && place.nodeName === child.nodeName && place;
      if (!same || same.nodeName !== child.nodeName) {
        old.insertBefore(child, place);
        light(child);
      } else {
        if (same === place) place = place.nextSibling;
        else old.insertBefore(same, place);
        patch(same, child);
      }
    }
    while (place) {
      const next = place.nextSibling;
      light(place);
      place.remove();
      place = next;
    }
  };

  const look = async () => {
    const headers = { Accept: 'text/html', 'If-None-Match': main.dataset.tag };
    const answer = await fetch(location.href, { headers, cache: 'no-store', redirect: 'error' });
    if (answer.status === 304) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('main');
    if (fresh) patch(main, fresh);
  };

  const watch = async () => {
    if (!document.hidden) {
      try {
        await look();
        say('on', 'live');
      } catch {
        say('off', 'refit-local does not answer');
      }
    }
    setTimeout(watch, PAUSE);
  };

  say('on', 'live');
  setTimeout(watch, PAUSE);
})();
