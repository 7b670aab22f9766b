extension PageScript {
  /// Line charts: scales, lines, the values under the pointer, the legend that hides lines.
  static let charts = #"""
    const roundStep = (step) => {
      const power = 10 ** Math.floor(Math.log10(step));
      return power * ([1, 2, 5].find((factor) => factor * power >= step * 0.999) || 10);
    };
    function linearScale(values, marks) {
      let [least, greatest] = [Math.min(...values), Math.max(...values)];
      if (!(greatest > least)) {
        const margin = Math.max(Math.abs(least) * 0.1, 1e-9);
        [least, greatest] = least === 0 ? [0, 1] : [least - margin, greatest + margin];
      }
      const step = roundStep((greatest - least) / marks);
      const [first, last] = [Math.floor(least / step + 1e-9), Math.ceil(greatest / step - 1e-9)];
      const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
      const short = (value) => {
        if (value === 0) return '0';
        return Number(value.toPrecision(3)).toExponential();
      };
      const ticks = [];
      for (let place = first; place <= last; place++) ticks.push(place * step);
      return {
        ticks, label: (value) => digits > 5 ? short(value) : value.toFixed(digits),
        share: (value) => (value - first * step) / ((last - first) * step),
      };
    }
    function logScale(values) {
      const positive = values.filter((value) => value > 0);
      if (!positive.length) return null;
      const [least, greatest] = [Math.log10(Math.min(...positive)), Math.log10(Math.max(...positive))];
      const margin = Math.max((greatest - least) * 0.04, 0.02);
      const [low, high] = [least - margin, greatest + margin];
      const steps = high - low > 2.5 ? [1] : high - low > 0.9 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
      const ticks = [];
      for (let power = Math.floor(low); power <= high; power++) {
        for (const factor of steps) {
          const tick = factor * 10 ** power;
          if (Math.log10(tick) >= low && Math.log10(tick) <= high) ticks.push(tick);
        }
      }
      // The least and the greatest value are no round numbers.
      const isRound = ticks.length > 1;
      const digits = isRound ? 2 : 4;
      return {
        ticks: isRound ? ticks : [Math.min(...positive), Math.max(...positive)],
        label: (value) => value < 0.001 ? value.toExponential(digits - 1).replace(/\.?0+e/, 'e')
          : String(Number(value.toPrecision(digits))),
        share: (value) => value > 0 ? (Math.log10(value) - low) / (high - low) : NaN,
      };
    }
    function xScale(values, names, room) {
      const [least, greatest] = [Math.min(...values), Math.max(...values)];
      const margin = names ? 0.5 : Math.max((greatest - least) * 0.02, least === greatest ? 0.5 : 0);
      const share = (value) => (value - least + margin) / (greatest - least + 2 * margin);
      if (names) return { ticks: names.map((_, place) => place), label: (place) => names[place], share };
      const step = Math.max(1, roundStep((greatest - least) / Math.max(2, room / 56) || 1));
      const ticks = [least];
      for (let tick = Math.ceil(least / step) * step; tick <= greatest; tick += step) {
        if (tick - least >= step * 0.5) ticks.push(tick);
      }
      return { ticks, label: String, share };
    }
    const exact = (value) => {
      if (value === 0) return '0';
      const size = Math.abs(value);
      if (size < 1e-3 || size >= 1e6) return value.toExponential(2);
      return size >= 100 ? value.toFixed(1) : size >= 10 ? value.toFixed(2) : value.toFixed(4);
    };
    const marks = {
      0: (x, y) => ['circle', { cx: x, cy: y, r: 3 }],
      1: (x, y) => ['rect', { x: x - 2.7, y: y - 2.7, width: 5.4, height: 5.4 }],
      2: (x, y) => ['path', { d: `M${x} ${y - 3.6}L${x + 3.4} ${y + 2.5}H${x - 3.4}Z` }],
      3: (x, y) => ['path', { d: `M${x} ${y - 3.8}L${x + 3.8} ${y}L${x} ${y + 3.8}L${x - 3.8} ${y}Z` }],
      4: (x, y) => ['path', { d: `M${x} ${y + 3.6}L${x - 3.4} ${y - 2.5}H${x + 3.4}Z` }],
    };
    function mark(index, x, y, color, parent) {
      const [name, attributes] = marks[index % 5](x, y);
      return shape(name, { ...attributes, fill: color }, parent);
    }

    class Chart {
      constructor(figure) {
        this.figure = figure;
        this.data = dataOf(figure);
        this.hidden = new Set();
        this.log = this.data.log;
        this.at = null;
        this.addHead();
        this.svg = shape('svg', { tabindex: 0, role: 'img', 'aria-label':
          `${figure.getAttribute('aria-label')}. The arrow keys read the values.` }, figure);
        this.tip = element('div', { class: 'tip', hidden: '' }, figure);
        this.voice = element('div', { class: 'hidden', 'aria-live': 'polite' }, figure);
        this.xs = [...new Set(this.data.lines.flatMap((line) => line.points.map((point) => point[0])))]
          .sort((a, b) => a - b);
        this.svg.addEventListener('pointermove', (event) => this.follow(event));
        this.svg.addEventListener('pointerdown', (event) => this.follow(event));
        this.svg.addEventListener('pointerleave', () => this.show(null));
        this.svg.addEventListener('blur', () => this.show(null));
        this.svg.addEventListener('keydown', (event) => this.step(event));
        new ResizeObserver(() => this.draw()).observe(figure);
        // Two charts stand beside each other on paper.
        addEventListener('beforeprint', () => this.draw(360));
        addEventListener('afterprint', () => this.draw());
        this.draw();
      }

      addHead() {
        const head = element('div', { class: 'head' }, this.figure);
        head.append(this.figure.querySelector('figcaption'));
        const { lines } = this.data;
        if (lines.length > 1) {
          lines.forEach((line, index) => {
            const button = element('button', { class: 'legend', type: 'button', 'aria-pressed': 'true',
              title: 'Show or hide the line' }, head);
            const sample = shape('svg', { viewBox: '0 0 22 10', 'aria-hidden': 'true' }, button);
            shape('line', { x1: 0, x2: 22, y1: 5, y2: 5, stroke: line.color, 'stroke-width': 2,
              'stroke-dasharray': line.dashed ? '5 3' : 'none' }, sample);
            mark(index, 11, 5, line.color, sample);
            button.append(line.name);
            button.addEventListener('click', () => {
              if (!this.hidden.delete(index)) this.hidden.add(index);
              button.setAttribute('aria-pressed', String(!this.hidden.has(index)));
              this.draw();
            });
          });
        }
        if (lines.some((line) => line.intervals.some((interval) => interval))) {
          const note = element('span', { class: 'whisker' }, head);
          const sample = shape('svg', { viewBox: '0 0 10 14', 'aria-hidden': 'true' }, note);
          shape('path', { d: 'M5 1V13M2 1h6M2 13h6', stroke: 'currentColor' }, sample);
          note.append('95% interval');
        }
        if (!this.data.switch) return;
        const group = element('div', { class: 'switch', role: 'group', 'aria-label': 'Scale' }, head);
        const buttons = ['Linear', 'Log'].map((name, place) => {
          const button = element('button', { type: 'button' }, group, name);
          button.addEventListener('click', () => { this.log = place === 1; update(); this.draw(); });
          return button;
        });
        const update = () => buttons.forEach((button, place) => {
          button.setAttribute('aria-pressed', String(this.log === (place === 1)));
        });
        update();
      }

      draw(wanted = this.figure.clientWidth) {
        const width = Math.max(240, Math.round(wanted) || 480);
        const height = width < 400 ? 220 : 250;
        const { data, svg } = this;
        svg.replaceChildren();
        svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
        const lines = data.lines.map((line, index) => ({ ...line, index }))
          .filter((line) => !this.hidden.has(line.index));
        const values = lines.flatMap((line) => [...line.points.map((point) => point[1]),
          ...line.intervals.flatMap((interval) => interval || [])])
          .filter((value) => value !== null);
        const y = (this.log && logScale(values)) || linearScale(values.length ? values : [0, 1], 5);
        const left = 22 + 7.2 * Math.max(...y.ticks.map((tick) => y.label(tick).length)) + 6;
        const plot = { left, right: width - 10, top: 8, bottom: height - 40 };
        const x = xScale(this.xs.length ? this.xs : [1], data.names, plot.right - left);
        this.px = (value) => plot.left + x.share(value) * (plot.right - plot.left);
        this.py = (value) => plot.bottom - y.share(value) * (plot.bottom - plot.top);
        this.plot = plot;
        for (const tick of y.ticks) {
          const place = this.py(tick);
          shape('line', { x1: plot.left, x2: plot.right, y1: place, y2: place, stroke: '#e3e6ea' }, svg);
          shape('text', { x: plot.left - 7, y: place + 4, 'text-anchor': 'end' }, svg, y.label(tick));
        }
        shape('path', { d: `M${plot.left} ${plot.top}V${plot.bottom}H${plot.right}`, fill: 'none',
          stroke: '#98a1ab' }, svg);
        for (const tick of x.ticks) {
          shape('text', { x: this.px(tick), y: plot.bottom + 17, 'text-anchor': 'middle' }, svg, x.label(tick));
        }
        shape('text', { x: (plot.left + plot.right) / 2, y: height - 4, 'text-anchor': 'middle' }, svg, data.x);
        const middle = (plot.top + plot.bottom) / 2;
        shape('text', { x: 12, y: middle, 'text-anchor': 'middle',
          transform: `rotate(-90 12 ${middle})` }, svg, data.y);
        for (const line of lines) this.drawLine(line);
        this.cursor = shape('g', { 'pointer-events': 'none' }, svg);
        this.show(this.at);
      }

      drawLine(line) {
        const group = shape('g', { 'data-line': line.name }, this.svg);
        const place = ([x, y]) => [this.px(x), y === null ? NaN : this.py(y)];
        line.intervals.forEach((interval, index) => {
          if (!interval) return;
          const [x] = place(line.points[index]);
          const [low, high] = interval.map(this.py);
          if (isNaN(low) || isNaN(high)) return;
          shape('path', { d: `M${x} ${low}V${high}M${x - 3} ${low}h6M${x - 3} ${high}h6`, stroke: line.color },
            group);
        });
        let path = '';
        let pen = false;
        for (const point of line.points) {
          const [x, y] = place(point);
          if (isNaN(y)) { pen = false; continue; }
          path += `${pen ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
          pen = true;
        }
        shape('path', { d: path, fill: 'none', stroke: line.color, 'stroke-width': 2,
          'stroke-linejoin': 'round', 'stroke-dasharray': line.dashed ? '6 4' : 'none' }, group);
        if (line.points.length > 32) return;
        for (const point of line.points) {
          const [x, y] = place(point);
          if (!isNaN(y)) mark(line.index, x, y, line.color, group);
        }
      }

      follow(event) {
        const box = this.svg.getBoundingClientRect();
        const x = (event.clientX - box.left) * this.svg.viewBox.baseVal.width / box.width;
        this.show(this.xs.reduce((best, value) =>
          Math.abs(this.px(value) - x) < Math.abs(this.px(best) - x) ? value : best, this.xs[0]));
      }

      step(event) {
        const keys = { ArrowLeft: -1, ArrowRight: 1 };
        if (!(event.key in keys) || !this.xs.length) return;
        event.preventDefault();
        const place = this.at === null ? (keys[event.key] > 0 ? -1 : this.xs.length) : this.xs.indexOf(this.at);
        this.show(this.xs[Math.min(this.xs.length - 1, Math.max(0, place + keys[event.key]))]);
        this.voice.textContent = this.tip.innerText.replace(/\n+/g, ', ');
      }

      show(at) {
        this.at = at;
        this.cursor.replaceChildren();
        this.tip.hidden = at === null || at === undefined;
        if (this.tip.hidden) return;
        const x = this.px(at);
        shape('line', { x1: x, x2: x, y1: this.plot.top, y2: this.plot.bottom, stroke: '#98a1ab',
          'stroke-dasharray': '3 3' }, this.cursor);
        const { data } = this;
        this.tip.replaceChildren();
        element('b', {}, this.tip, data.names ? `${data.x}: ${data.names[at]}` : `${data.x} ${at}`);
        data.lines.forEach((line, index) => {
          const place = line.points.findIndex((point) => point[0] === at);
          if (this.hidden.has(index) || place < 0 || line.points[place][1] === null) return;
          const value = line.points[place][1];
          const y = this.py(value);
          if (!isNaN(y)) {
            shape('circle', { cx: x, cy: y, r: 4.5, fill: line.color, stroke: '#fff', 'stroke-width': 1.5 },
              this.cursor);
          }
          const row = element('span', {}, this.tip);
          const name = element('span', { style: 'display:inline' }, row);
          element('i', { style: `background:${line.color}` }, name);
          name.append(line.name);
          const interval = line.intervals[place];
          const range = interval ? ` [${exact(interval[0])}, ${exact(interval[1])}]` : '';
          element('span', { style: 'display:inline' }, row, exact(value) + range);
        });
        const box = this.svg.getBoundingClientRect();
        const ratio = box.width / this.svg.viewBox.baseVal.width;
        const left = x * ratio + 12;
        const flipped = left + this.tip.offsetWidth > this.figure.clientWidth;
        this.tip.style.left = `${Math.max(0, flipped ? x * ratio - 12 - this.tip.offsetWidth : left)}px`;
        this.tip.style.top = `${this.svg.offsetTop || box.top - this.figure.getBoundingClientRect().top + 8}px`;
      }
    }
    for (const figure of document.querySelectorAll('figure.chart')) new Chart(figure);


    """#
}
