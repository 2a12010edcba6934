/**
 * Shows the figures under the pointer. It reads them from the table behind the chart, so the page holds them once, and does
 * nothing that the page needs: without it everything can still be read.
 */
export const HOVER_SCRIPT = `
for (const plot of document.querySelectorAll('[data-plot]')) {
  const figure = plot.closest('figure');
  const area = plot.querySelector('.canvas');
  const heads = [...figure.querySelectorAll('thead th')].map((cell) => cell.textContent);
  const rows = [...figure.querySelectorAll('tbody tr')];
  const places = rows.map((row) => Number(row.dataset.x));
  if (rows.length === 0) continue;
  const line = area.appendChild(document.createElement('i'));
  const box = area.appendChild(document.createElement('div'));
  line.className = 'hair';
  box.className = 'tip';
  const hide = () => { line.style.display = box.style.display = 'none'; };
  const show = (event) => {
    const frame = area.getBoundingClientRect();
    const x = ((event.clientX - frame.left) / frame.width) * 1000;
    if (x < -20 || x > 1020) return hide();
    let best = 0;
    places.forEach((place, i) => { if (Math.abs(place - x) < Math.abs(places[best] - x)) best = i; });
    box.replaceChildren(...[...rows[best].children].map((cell, i) => {
      const entry = document.createElement('p');
      entry.append(document.createElement('span'), document.createElement('b'));
      entry.firstChild.textContent = heads[i];
      entry.lastChild.textContent = cell.textContent;
      return entry;
    }));
    line.style.left = places[best] / 10 + '%';
    line.style.display = box.style.display = 'block';
    const left = (places[best] / 1000) * frame.width;
    const room = frame.width - left > box.offsetWidth + 24;
    box.style.left = Math.max(0, room ? left + 12 : left - box.offsetWidth - 12) + 'px';
  };
  hide();
  plot.addEventListener('pointermove', show);
  plot.addEventListener('pointerdown', show);
  plot.addEventListener('pointerleave', hide);
}
`;
