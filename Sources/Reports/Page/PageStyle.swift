/// The page's style sheet: dark text on light, one accent, one scale of sizes.
enum PageStyle {
  static let text = HTML(
    markup: """
      :root {
        color-scheme: light;
        --ink: #1c2127; --soft: #545d68; --line: #dde1e6; --wash: #f4f6f8; --paper: #fff;
        --accent: #0b5c96; --accent-wash: #e6f0f7;
        --step: 8px;
        font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
        font-variant-numeric: tabular-nums;
      }
      * { box-sizing: border-box; }
      html { scroll-behavior: smooth; scroll-padding-top: 56px; -webkit-text-size-adjust: 100%; }
      body { margin: 0; color: var(--ink); background: var(--wash); }
      .top, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 calc(var(--step) * 3); }
      .top { padding-top: calc(var(--step) * 5); padding-bottom: calc(var(--step) * 2); }
      h1 { font-size: 2.125rem; line-height: 1.15; letter-spacing: -.015em; margin: 0; overflow-wrap: anywhere; }
      h2 { font-size: 1.375rem; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 var(--step); }
      h3 { font-size: 1rem; line-height: 1.4; margin: calc(var(--step) * 3) 0 var(--step); }
      p { margin: 0 0 calc(var(--step) * 1.5); max-width: 72ch; }
      .kicker { color: var(--accent); font-weight: 600; font-size: .875rem; margin: 0 0 var(--step); }
      .subtitle, .lead, .remark, .note { color: var(--soft); }
      .subtitle { margin: var(--step) 0 0; font-size: .9375rem; overflow-wrap: anywhere; }
      .lead, .note { font-size: .9375rem; max-width: 84ch; }
      a { color: var(--accent); }
      code { font: .875em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
        overflow-wrap: anywhere; }
      :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
      .skip { position: absolute; left: -999px; }
      .skip:focus { left: var(--step); top: var(--step); background: var(--paper); padding: var(--step); z-index: 3; }
      .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
        white-space: nowrap; }
      nav { position: sticky; top: 0; z-index: 2; background: rgb(244 246 248 / .94);
        border-bottom: 1px solid var(--line); }
      nav ul { display: flex; gap: calc(var(--step) * 2.5); list-style: none; max-width: 1120px; margin: 0 auto;
        padding: 0 calc(var(--step) * 3); overflow-x: auto; scrollbar-width: none; }
      nav a { display: block; padding: 11px 0 9px; font-size: .875rem; text-decoration: none; color: var(--soft);
        white-space: nowrap; border-bottom: 2px solid transparent; }
      nav a:hover, nav a[aria-current] { color: var(--accent); border-color: var(--accent); }
      section, .summary { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
        padding: calc(var(--step) * 3); margin: calc(var(--step) * 2) 0; }
      footer { color: var(--soft); font-size: .8125rem; padding-top: var(--step);
        padding-bottom: calc(var(--step) * 5); overflow-wrap: anywhere; }
      .verdict { font-size: 1.0625rem; margin: calc(var(--step) * 2.5) 0 0; }
      .verdict + .note { margin-top: calc(var(--step) * 1.5); }
      .alert { border-left: 4px solid #d55e00; padding: 4px 0 4px 12px; margin: 0 0 calc(var(--step) * 2); }

      .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr));
        gap: calc(var(--step) * 2) calc(var(--step) * 3); margin: 0; }
      .figures dt { font-size: .875rem; color: var(--soft); }
      .figures dd { margin: 0; }
      .figures .value { font-size: 1.75rem; line-height: 1.2; font-weight: 600; letter-spacing: -.02em; }
      .figures .value.long { font-size: 1.1875rem; }
      .figures .remark { font-size: .8125rem; }
      .list { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr));
        gap: calc(var(--step) * 1.5) calc(var(--step) * 3); margin: 0; }
      .list dt { font-size: .8125rem; color: var(--soft); }
      .list dd { margin: 0; overflow-wrap: anywhere; }

      .scroll { overflow-x: auto; max-width: 100%; }
      table { border-collapse: collapse; font-size: .875rem; }
      .scroll > table:not(.matrix) { width: 100%; }
      th, td { padding: 5px 12px 5px 0; text-align: left; border-bottom: 1px solid var(--line); font-weight: 400;
        vertical-align: middle; }
      thead th { color: var(--soft); font-size: .8125rem; border-bottom-color: #aeb6bf; white-space: nowrap; }
      .number { text-align: right; padding-left: 12px; }
      th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
      th button:hover { color: var(--accent); }
      th button::after { content: "\\2195"; opacity: .35; margin-left: 4px; }
      th[aria-sort=ascending] button::after { content: "\\2191"; opacity: 1; }
      th[aria-sort=descending] button::after { content: "\\2193"; opacity: 1; }
      .number { white-space: nowrap; }
      .number + :not(.number) { padding-left: 20px; }
      tbody th { overflow-wrap: anywhere; min-width: 84px; }
      .bar { position: relative; min-width: 96px; }
      .bar .track { position: absolute; left: 12px; right: 8px; top: 4px; bottom: 4px; }
      .bar .fill { display: block; height: 100%; background: #c9dfef; border-radius: 2px; }
      .bar .over { position: relative; }
      details { margin-top: calc(var(--step) * 2); }
      summary { cursor: pointer; color: var(--accent); font-size: .9375rem; margin-bottom: var(--step); }
      .explanation { margin-top: var(--step); max-width: 76ch; }
      .explanation pre { overflow-x: auto; font: .8125em/1.4 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono",
        monospace; }

      .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 430px), 1fr));
        gap: calc(var(--step) * 3) calc(var(--step) * 4); }
      .halves { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: calc(var(--step) * 4); }
      @media (max-width: 860px) { .halves { grid-template-columns: minmax(0, 1fr); } }
      figure { margin: 0; min-width: 0; }
      figcaption { font-weight: 600; font-size: .9375rem; }
      .static svg { display: block; width: 100%; height: auto; font-family: inherit; }
      .static { min-width: 330px; }
      .chart { position: relative; break-inside: avoid; }
      .chart svg { display: block; width: 100%; height: auto; overflow: visible; touch-action: pan-y; }
      .chart svg text { font-size: 12px; fill: var(--soft); }
      .chart .head { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; min-height: 32px;
        margin-bottom: 4px; }
      .chart .head figcaption { margin-right: 4px; }
      .legend, .switch button { font: inherit; font-size: .8125rem; cursor: pointer; }
      .legend { display: inline-flex; align-items: center; gap: 6px; background: none; border: 0;
        padding: 2px 6px 2px 0; color: var(--ink); min-height: 28px; }
      .legend[aria-pressed=false] { color: var(--soft); text-decoration: line-through; }
      .legend[aria-pressed=false] svg { opacity: .3; }
      .legend svg { width: 22px; height: 10px; flex: none; }
      .whisker { display: inline-flex; align-items: center; gap: 6px; font-size: .8125rem; color: var(--soft); }
      .whisker svg { width: 10px; height: 14px; flex: none; }
      .switch { display: inline-flex; margin-left: auto; border: 1px solid #c3cad2; border-radius: 6px;
        overflow: hidden; }
      .switch button { border: 0; background: none; padding: 3px 10px; color: var(--soft); min-height: 26px; }
      .switch button[aria-pressed=true] { background: var(--accent-wash); color: var(--accent); font-weight: 600; }
      .tip { position: absolute; pointer-events: none; background: var(--paper); border: 1px solid #aeb6bf;
        border-radius: 6px; box-shadow: 0 3px 12px rgb(28 33 39 / .14); padding: 6px 10px; font-size: .8125rem;
        line-height: 1.45; z-index: 1; white-space: nowrap; }
      .tip b { display: block; font-weight: 600; }
      .tip span { display: flex; justify-content: space-between; gap: 14px; }
      .tip i { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 6px; }

      .matrix { border-collapse: separate; border-spacing: 1px; width: 100%; max-width: 720px;
        table-layout: fixed; }
      .matrix th, .matrix td { padding: 0; border: 0; }
      .matrix col.names { width: 112px; }
      .matrix tbody th { font-size: .8125rem; text-align: right; padding-right: 8px; line-height: 1.2;
        overflow-wrap: anywhere; color: var(--ink); }
      .matrix thead th { vertical-align: bottom; padding-bottom: 6px; text-align: left; height: 84px;
        color: var(--ink); overflow: visible; }
      .matrix thead th span { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg);
        white-space: nowrap; font-size: .8125rem; margin-left: calc(50% - 10px); }
      .matrix button { display: block; width: 100%; height: 38px; border: 0; padding: 0; font: inherit;
        font-size: .8125rem; cursor: pointer; border-radius: 2px; overflow: hidden; }
      .matrix button:hover { box-shadow: inset 0 0 0 2px var(--accent); }
      .matrix button[aria-pressed=true] { box-shadow: inset 0 0 0 3px #d55e00; }
      .axis { font-size: .8125rem; color: var(--soft); margin: 0 0 var(--step); }
      .axis .key { display: inline-block; padding: 1px 7px; font-size: .75rem; border: 1px solid var(--line); }
      .link { font: inherit; color: var(--accent); background: none; border: 0; padding: 0; cursor: pointer;
        text-decoration: underline; }
      .confusion .head { display: flex; max-width: 720px; margin-bottom: var(--step); }
      .spaced { margin-top: calc(var(--step) * 3); }
      .beside { display: grid; grid-template-columns: minmax(0, 700px) minmax(250px, 1fr);
        gap: calc(var(--step) * 4); }
      @media (max-width: 960px) { .beside { grid-template-columns: minmax(0, 1fr); } }
      .confused h3 { margin-top: 0; }
      .beside .pictures { grid-template-columns: repeat(auto-fill, minmax(80px, 1fr)); gap: 12px; }

      .pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(112px, 1fr));
        gap: calc(var(--step) * 2); margin: 0; padding: 0; list-style: none; }
      .pictures li { font-size: .8125rem; line-height: 1.35; break-inside: avoid; min-width: 0;
        overflow-wrap: anywhere; }
      .pictures small { color: var(--soft); font-size: inherit; }
      .pictures b { font-weight: 600; }
      .picture { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated;
        background: #11151a; border-radius: 4px; margin-bottom: 4px; }
      .tiles { display: flex; flex-wrap: wrap; gap: 6px; }
      .tiles img { width: 56px; height: 56px; image-rendering: pixelated; border: 1px solid var(--line);
        border-radius: 3px; display: block; }
      .maps { display: grid; grid-template-columns: minmax(64px, 132px) minmax(0, 1fr); gap: 6px 12px; align-items: center;
        margin-bottom: calc(var(--step) * 2); font-size: .8125rem; }
      .maps > span { overflow-wrap: anywhere; line-height: 1.3; }
      .maps > img { width: 64px; height: 64px; image-rendering: pixelated; border-radius: 3px;
        background: #11151a; object-fit: contain; }
      .maps .tiles img { width: 64px; height: 64px; }
      @media (max-width: 560px) {
        .maps { grid-template-columns: minmax(0, 1fr); }
        .maps > span:empty { display: none; }
        .maps .tiles img { width: 34px; height: 34px; }
      }
      .strip { width: 100%; image-rendering: pixelated; display: block; height: 170px; border-radius: 3px; }
      .strips { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0 10px;
        font-size: .8125rem; }
      .strips div { display: grid; height: 170px; align-items: center; line-height: 1; }
      .ramp { display: inline-block; width: 72px; height: 10px; border-radius: 2px; vertical-align: middle; }

      @media (max-width: 560px) {
        .top, main, footer { padding-left: 12px; padding-right: 12px; }
        nav ul { padding: 0 12px; }
        section, .summary { padding: calc(var(--step) * 2) 12px; border-radius: 8px; }
        h1 { font-size: 1.625rem; }
        h2 { font-size: 1.25rem; }
        .figures, .list { grid-template-columns: repeat(2, minmax(0, 1fr)); }
        .figures .value { font-size: 1.5rem; }
        .matrix col.names { width: 68px; }
        .matrix tbody th, .matrix thead th span { font-size: .6875rem; }
        .matrix tbody th { padding-right: 4px; }
        .matrix button { height: 32px; font-size: .625rem; letter-spacing: -.02em; }
        .pictures, .beside .pictures { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 12px; }
        .pictures li:nth-child(n + 16) { display: none; }
        th, td { padding-right: 8px; }
        .number { padding-left: 8px; }
        .bar { min-width: 72px; }
      }
      @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
      @media print {
        :root { font-size: 11px; }
        @page { margin: 14mm; }
        body, section, .summary { background: #fff; }
        * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        nav, .skip, .switch, .tip { display: none !important; }
        section, .summary { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: 16px 0 8px;
          margin: 0; }
        .summary { border-top: 0; }
        h2, h3, .lead { break-after: avoid; }
        section, table, figure, .list div, .maps { break-inside: avoid; }
        .halves { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 16px; }
        .halves svg { max-height: 205mm; }
        .beside { display: block; }
        .scroll { overflow: visible; }
        .grid { grid-template-columns: 1fr 1fr; }
        .matrix { max-width: 560px; }
        .pictures, .beside .pictures { grid-template-columns: repeat(8, 1fr); gap: 8px; }
        .figures { grid-template-columns: repeat(5, 1fr); }
        th button::after { content: none; }
        .top, main, footer { max-width: none; padding: 0; }
      }
      """)
}
