"""Style and script of token figures, for pages that contain one. The script loads nothing."""

TOKEN_STYLE = """
  .tokens { border: 1px solid #8884; border-radius: 6px; padding: .7rem 1rem; margin: 1rem 0; }
  .tokens figcaption, .tokens label { display: block; margin-bottom: .7rem; }
  .tokens select { font: inherit; max-width: 100%; }
  .tokens .text { font: 14px/1.8 ui-monospace, monospace; white-space: pre-wrap;
    overflow-wrap: anywhere; max-height: 26rem; overflow-y: auto; }
  .tokens i { font-style: normal; border-radius: 3px; --v: 0;
    print-color-adjust: exact; -webkit-print-color-adjust: exact;
    background: rgb(var(--c, 217 72 15) / calc(var(--v) * .8)); }
  .tokens i.n { --c: 34 110 230; }
  .tokens i.chosen { outline: 2px solid currentColor; outline-offset: 0; }
  .tokens .text:focus-visible { outline: 2px solid currentColor; outline-offset: 4px; }
  .tokens .details { min-height: 4.5rem; font: 13px/1.5 ui-monospace, monospace;
    border-top: 1px solid #8884; margin-top: .6rem; padding-top: .5rem;
    white-space: pre-wrap; overflow-wrap: anywhere; }
  .tokens .key { display: flex; margin-top: .7rem; gap: .5rem; align-items: center;
    font-size: .85rem; }
  .tokens .key span { flex: 0 1 9rem; height: .7rem; border-radius: 3px;
    print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  @media print { .tokens .text { max-height: none; } .tokens .details { display: none; } }
"""

TOKEN_SCRIPT = r"""
for (const box of document.querySelectorAll('.tokens')) {
  const data = JSON.parse(box.querySelector('script').textContent);
  const text = box.querySelector('.text'), marks = [...text.querySelectorAll('i')];
  const details = box.querySelector('.details'), select = box.querySelector('select');
  let chosen = -1, held = false, series = 0;
  const paint = (mark, value, limit) => {
    mark.className = value < 0 ? 'n' : '';
    mark.style.setProperty('--v', limit ? Math.min(1, Math.abs(value) / limit).toFixed(3) : 0);
  };
  const limitOf = values => Math.max(...values.map(value => Math.abs(value ?? 0)), 0);
  const paintAll = () => {
    const shown = data.series[series];
    if (!shown.back) {
      const limit = shown.limit ?? limitOf(shown.values);
      marks.forEach((mark, index) => paint(mark, shown.values[index] ?? 0, limit));
    } else {
      const values = chosen < 0 ? [] : shown.back[chosen], limit = limitOf(values);
      marks.forEach((mark, index) => paint(mark, values[chosen - index] ?? 0, limit));
    }
    if (chosen >= 0) marks[chosen].classList.add('chosen');
  };
  const number = value => value == null ? '-' : Number(value).toPrecision(3);
  const show = index => {
    if (index < 0 || index >= marks.length) return;
    if (chosen >= 0) marks[chosen].classList.remove('chosen');
    chosen = index;
    const lines = [`token ${index + 1} of ${marks.length}: ${JSON.stringify(data.texts[index])}`];
    const few = data.series.length < 9;
    const shown = data.series.filter((one, at) => one.values && (few || at == series));
    for (const one of shown) lines.push(`${one.name}: ${number(one.values[index])}`);
    if (data.details[index]) lines.push(data.details[index]);
    details.textContent = lines.join('\n');
    if (data.series[series].back) paintAll(); else marks[index].classList.add('chosen');
  };
  const indexOf = event => marks.indexOf(event.target.closest('i'));
  text.addEventListener('pointerover', event => { if (!held) show(indexOf(event)); });
  text.addEventListener('click', event => {
    const index = indexOf(event);
    if (index < 0) return;
    held = !(held && index == chosen);
    show(index);
  });
  text.addEventListener('keydown', event => {
    const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10}[event.key];
    if (event.key == 'Home') show(0);
    else if (event.key == 'End') show(marks.length - 1);
    else if (step) show(Math.max(0, Math.min(marks.length - 1, chosen + step)));
    else return;
    held = true;
    marks[chosen].scrollIntoView({block: 'nearest'});
    event.preventDefault();
  });
  select?.addEventListener('change', () => {
    series = select.selectedIndex;
    paintAll();
    if (chosen >= 0) show(chosen);
  });
  if (data.start != null) {
    show(data.start);
    held = data.series[0].back != null;
    const [mark, frame] = [marks[chosen], text].map(one => one.getBoundingClientRect());
    const below = mark.bottom - frame.bottom;
    // Only the text is scrolled, not the page.
    if (below > 0) text.scrollTop = below + 8;
  }
}
"""
