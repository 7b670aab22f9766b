/// A report as one HTML file that needs nothing else: sections with a table of contents.
package struct Page: Sendable {
  /// A part of the page with its heading.
  package struct Section: Sendable {
    /// The anchor, in lower-case letters and hyphens.
    package var id: String
    package var title: String
    /// The heading in a word or two, for the table of contents.
    package var label: String
    /// One sentence on what there is to see.
    package var lead: HTML?
    package var body: HTML

    package init(id: String, title: String, label: String? = nil, lead: HTML? = nil, body: HTML) {
      self.id = id
      self.title = title
      self.label = label ?? title
      self.lead = lead
      self.body = body
    }
  }

  package var title: String
  /// What stands above the title, such as the kind of the report.
  package var kicker: String
  /// What stands below the title: when, where, with which seed.
  package var subtitle: HTML
  /// What stands before the sections: figures and conclusion.
  package var summary: HTML
  package var sections: [Section]
  package var footer: HTML

  package init(
    title: String, kicker: String, subtitle: HTML = "", summary: HTML, sections: [Section],
    footer: HTML = ""
  ) {
    self.title = title
    self.kicker = kicker
    self.subtitle = subtitle
    self.summary = summary
    self.sections = sections
    self.footer = footer
  }

  /// The whole file.
  package var html: String {
    let links = sections.map { "<li><a href=\"#\($0.id)\">\($0.label)</a></li>" as HTML }.joined("")
    let parts = sections.map { section -> HTML in
      let lead = section.lead.map { "<p class=\"lead\">\($0)</p>" as HTML } ?? ""
      return """
        <section id="\(section.id)" aria-labelledby="\(section.id)-title">
        <h2 id="\(section.id)-title">\(section.title)</h2>
        \(lead)
        \(section.body)
        </section>
        """
    }
    let page: HTML = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="generator" content="Martlet">
      <title>\(title)</title>
      <link rel="icon" href="data:,">
      <style>
      \(PageStyle.text)
      </style>
      </head>
      <body>
      <a class="skip" href="#content">Skip to the content</a>
      <header class="top">
      <p class="kicker">\(kicker)</p>
      <h1>\(title)</h1>
      <p class="subtitle">\(subtitle)</p>
      </header>
      <nav aria-label="Sections"><ul>\(links)</ul></nav>
      <main id="content">
      \(summary)
      \(parts.joined())
      </main>
      <footer>\(footer)</footer>
      <script>
      \(PageScript.text)
      </script>
      </body>
      </html>

      """
    return page.text
  }

  /// A row of large figures, each with what it is and a remark.
  package static func figures(_ figures: [(name: String, value: String, remark: String)]) -> HTML {
    let cells = figures.map { figure -> HTML in
      let remark = figure.remark.isEmpty ? "" : "<dd class=\"remark\">\(figure.remark)</dd>" as HTML
      let size: HTML = figure.value.count > 20 ? "value long" : "value"
      return "<div><dt>\(figure.name)</dt><dd class=\"\(size)\">\(figure.value)</dd>\(remark)</div>"
    }
    return "<dl class=\"figures\">\(cells.joined(""))</dl>"
  }

  /// Names with their values, in as many columns as there is room for.
  package static func list(_ rows: [(name: String, value: String)]) -> HTML {
    let cells = rows.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" as HTML }
    return "<dl class=\"list\">\(cells.joined(""))</dl>"
  }

  /// A figure drawn by Martlet as a picture of the page, with words for those who cannot see it.
  package static func figure(_ figure: any Figure, alternative: String) -> HTML {
    // Its size is the page's to choose.
    let svg = figure.svg.replacing(#/ width="[0-9.]+pt" height="[0-9.]+pt"/#, with: "", maxReplacements: 1)
    let widest = Int(figure.size.width * 4 / 3)
    return """
      <div class="scroll"><div class="static" style="max-width:\(widest)px" role="img" \
      aria-label="\(alternative)">\(HTML(markup: svg))</div></div>
      """
  }

  /// What is opened by a click.
  package static func details(_ summary: String, _ body: HTML) -> HTML {
    "<details><summary>\(summary)</summary>\(body)</details>"
  }
}
