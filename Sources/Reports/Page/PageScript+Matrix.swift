extension PageScript {
  /// The confusion matrix: counts or shares, and the images of the cell that was chosen.
  static let matrix = #"""
    for (const root of document.querySelectorAll('.confusion')) {
      const data = dataOf(root);
      const out = root.querySelector('.confused');
      const cells = [...root.querySelectorAll('.matrix button')];
      const choices = [...root.querySelectorAll('button[data-cell]')];
      const switches = [...root.querySelectorAll('.switch button')];
      for (const button of switches) {
        button.addEventListener('click', () => {
          for (const other of switches) other.setAttribute('aria-pressed', String(other === button));
          for (const cell of cells) cell.textContent = cell.dataset[button.value];
        });
      }
      const name = (place) => data.classes[place] || `class ${place}`;
      const show = (label, prediction, count) => {
        for (const choice of choices) {
          choice.setAttribute('aria-pressed', String(choice.dataset.cell === `${label},${prediction}`));
        }
        const found = data.pictures.filter((picture) => picture.t === label && picture.p === prediction);
        const images = `${count.toLocaleString('en')} image${count === 1 ? '' : 's'}`;
        out.replaceChildren();
        element('h3', {}, out, label === prediction
          ? `${name(label)}: ${images} recognized` : `${name(label)} taken for ${name(prediction)}: ${images}`);
        if (!found.length) {
          element('p', { class: 'note' }, out, count === 0 ? 'There is no such image.'
            : label === prediction ? 'Pictures are kept of the images that were confused or doubtful.'
            : 'No picture of them was kept.');
          return;
        }
        if (found.length < count) {
          element('p', { class: 'note' }, out, label === prediction
            ? `The least sure of them:` : `${found.length} of them, the surest mistakes first:`);
        }
        const list = element('ul', { class: 'pictures' }, out);
        for (const picture of found) {
          const item = element('li', {}, list);
          element('img', { class: 'picture', src: picture.src, alt:
            `Test image ${picture.i}: a ${name(label)} taken for ${name(prediction)}` }, item);
          picture.top.forEach(([place, probability], order) => {
            const line = element(order === 0 ? 'b' : 'small', {}, item,
              `${name(place)} ${percent(probability, 0)}`);
            line.after(document.createElement('br'));
          });
          element('small', {}, item, `no. ${picture.i}`);
        }
      };
      for (const choice of choices) {
        choice.addEventListener('click', () => {
          const [label, prediction] = choice.dataset.cell.split(',').map(Number);
          show(label, prediction, Number(choice.dataset.number));
        });
      }
      if (data.first) show(...data.first);
    }

    """#
}
