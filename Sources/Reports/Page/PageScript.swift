/// The page's script: it adds to a page that can be read without it.
enum PageScript {
  static let text = HTML(
    markup: "'use strict';\n(() => {\n" + [common, tables, charts, matrix].joined() + "})();")

  /// What the other parts share, and the mark of the section in view.
  private static let common = #"""
    const svgName = 'http://www.w3.org/2000/svg';
    function shape(name, attributes, parent, text) {
      const node = document.createElementNS(svgName, name);
      for (const key in attributes) node.setAttribute(key, attributes[key]);
      if (text !== undefined) node.textContent = text;
      if (parent) parent.append(node);
      return node;
    }
    function element(name, attributes, parent, text) {
      const node = document.createElement(name);
      for (const key in attributes) node.setAttribute(key, attributes[key]);
      if (text !== undefined) node.textContent = text;
      if (parent) parent.append(node);
      return node;
    }
    const dataOf = (node) => JSON.parse(node.querySelector('script[type="application/json"]').textContent);
    const percent = (share, digits = 1) => (share * 100).toFixed(digits) + '%';

    const links = new Map([...document.querySelectorAll('nav a')].map((a) => [a.hash.slice(1), a]));
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute('aria-current');
        const link = links.get(entry.target.id);
        if (!link) continue;
        link.setAttribute('aria-current', 'true');
        const list = link.closest('ul');
        list.scrollLeft = link.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
      }
    }, { rootMargin: '-56px 0px -70% 0px' });
    for (const id of links.keys()) watcher.observe(document.getElementById(id));


    """#

  /// Sorting: numbers by their keys, the greatest first; texts in the order of letters.
  private static let tables = #"""
    for (const table of document.querySelectorAll('table.sortable')) {
      const body = table.tBodies[0];
      for (const button of table.querySelectorAll('thead button')) {
        button.addEventListener('click', () => {
          const head = button.closest('th');
          const column = Number(button.dataset.column);
          const numeric = head.classList.contains('number');
          const before = head.getAttribute('aria-sort');
          const up = before ? before === 'descending' : !numeric;
          for (const other of table.querySelectorAll('th[aria-sort]')) other.removeAttribute('aria-sort');
          head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
          const key = (row) => {
            const cell = row.cells[column];
            return cell.dataset.key !== undefined ? Number(cell.dataset.key) : cell.textContent;
          };
          const rows = [...body.rows].sort((a, b) => {
            const [x, y] = [key(a), key(b)];
            return (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y)))
              * (up ? 1 : -1);
          });
          body.append(...rows);
        });
      }
    }


    """#
}
