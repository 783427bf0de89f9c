"use strict";
// Draws every .chart from the JSON within it, in the colours of the scheme, with a key below it that the keyboard reaches.
(() => {
  const LEAST = {light: 3, dark: 4};  // contrast of a curve on the page; thin lines on black look darker
  const BESIDE = 300, ROW = 320;  // pixels: a panel beside others at least, and its height
  const PAPER = {beside: 390, whole: 680, half: 320, row: 230};  // pixels: of A4, beside a claim, all of it, and half
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const charts = new Map();  // element -> its figure, and the names that are hidden
  let printing = false;

  function theme() {
    const scheme = dark.matches && !printing ? "dark" : "light";
    const style = getComputedStyle(document.documentElement);
    const names = ["page", "text", "quiet", "line", "raised"];
    const colors = names.map(name => [name, style.getPropertyValue(`--${name}-${scheme}`).trim()]);
    return {...Object.fromEntries(colors), least: LEAST[scheme]};
  }

  const rgb = hex => [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16));

  function luminance(color) {
    const [r, g, b] = color.map(c => c / 255).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function contrast(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  // the colour, or as little of the text's in it as makes it visible on the page
  function visible(hex, colors) {
    const [own, text, page] = [hex, colors.text, colors.page].map(rgb);
    for (let share = 0; share < 1; share += 0.04) {
      const mixed = own.map((c, i) => Math.round(c + share * (text[i] - c)));
      if (contrast(mixed, page) >= colors.least) return mixed;
    }
    return text;
  }

  const plain = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");  // plotly reads some HTML

  function traces(figure, hidden, colors) {
    const found = [];
    figure.panels.forEach((panel, i) => {
      const axes = {xaxis: i ? `x${i + 1}` : "x", yaxis: i ? `y${i + 1}` : "y"};
      const shown = panel.series.filter(series => !hidden.has(series.name));
      for (const series of shown) {
        if (series.low === undefined) continue;
        const band = {
          x: [...series.x, ...series.x.toReversed()], y: [...series.low, ...series.high.toReversed()],
          mode: "lines", fill: "toself", fillcolor: `rgba(${visible(series.color, colors)},0.16)`, line: {width: 0},
        };
        found.push({type: "scatter", showlegend: false, hoverinfo: "skip", ...band, ...axes});
      }
      for (const series of shown) {
        const range = series.low && {customdata: series.low.map((low, j) => [low, series.high[j]])};
        found.push({
          type: "scatter", x: series.x, y: series.y, ...range, name: plain(series.name), showlegend: false,
          mode: figure.markers || series.x.length === 1 ? "lines+markers" : "lines", marker: {size: 6},
          line: {color: `rgb(${visible(series.color, colors)})`, width: 2, dash: series.dashed ? "dash" : "solid"},
          hovertemplate: range ? "%{y:.4g} (%{customdata[0]:.4g} … %{customdata[1]:.4g})" : "%{y:.4g}", ...axes,
        });
      }
    });
    return found;
  }

  function layout(figure, width, colors) {
    const count = figure.panels.length;
    const across = Math.max(1, Math.min(count, Math.floor(width / (printing ? 200 : BESIDE))));
    const down = Math.ceil(count / across);
    const tall = printing ? PAPER.row : ROW;
    const titled = figure.panels.some(panel => panel.title);
    const font = {color: colors.quiet, size: 12, family: getComputedStyle(document.body).fontFamily};
    const room = {top: titled ? 26 : 8, bottom: 46};
    const height = down * tall;
    const found = {
      width, height, font, margin: {l: 8, r: 12, t: 0, b: 0}, showlegend: false, annotations: [], shapes: [],
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "x unified",
      hoverlabel: {bgcolor: colors.raised, bordercolor: colors.line, font: {...font, color: colors.text}},
      dragmode: matchMedia("(pointer: fine)").matches ? "zoom" : false,
    };
    const left = 56 / width, gap = 34 / width;  // of the width: labels of y, and between panels
    const each = (1 - left - gap * (across - 1)) / across;
    figure.panels.forEach((panel, i) => {
      const [column, row] = [i % across, Math.floor(i / across)];
      const start = left + column * (each + gap);
      const bottom = 1 - ((row + 1) * tall - room.bottom) / height, top = 1 - (row * tall + room.top) / height;
      const name = i ? i + 1 : "";
      const base = {
        gridcolor: colors.line, linecolor: colors.line, zeroline: false, showline: false, ticks: "", color: colors.quiet,
        fixedrange: !matchMedia("(pointer: fine)").matches,
      };
      found[`xaxis${name}`] = {
        ...base, domain: [start, start + each], anchor: `y${name}`, type: figure.x.type, showline: true, nticks: 6,
        title: {text: plain(figure.x.label), standoff: 8}, ...(i && {matches: "x"}),
        ...(figure.x.tickvals && {tickvals: figure.x.tickvals, ticktext: figure.x.ticktext, tickangle: 0}),
      };
      found[`yaxis${name}`] = {
        ...base, domain: [bottom, top], anchor: `x${name}`, type: figure.y.type, ...(i && {matches: "y"}),
        showticklabels: column === 0, ...(figure.y.tickvals && {tickvals: figure.y.tickvals, ticktext: figure.y.ticktext}),
      };
      if (panel.title) {
        const place = {x: start + each / 2, y: top, xref: "paper", yref: "paper", xanchor: "center", yanchor: "bottom"};
        found.annotations.push({...place, text: plain(panel.title), showarrow: false, font: {...font, color: colors.text}});
      }
      if (figure.mark !== undefined) {
        const line = {color: colors.quiet, dash: "dot", width: 1.5};
        const on = {xref: `x${name}`, yref: `y${name} domain`};
        found.shapes.push({type: "line", x0: figure.mark, x1: figure.mark, y0: 0, y1: 1, line, ...on});
        const at = figure.x.type === "log" ? Math.log10(figure.mark) : figure.mark;  // shapes take the value
        const xs = panel.series.flatMap(series => series.x).filter(x => x > figure.mark);
        const side = xs.length ? {xanchor: "left", xshift: 2} : {xanchor: "right", xshift: -2};
        found.annotations.push({x: at, y: 1, ...on, ...side, yanchor: "top", text: "recommended", showarrow: false, font});
      }
    });
    return found;
  }

  function onPaper(chart) {
    const plot = chart.parentElement;
    if (plot.parentElement.matches(".beside")) return PAPER.beside;
    return plot.matches(".plots > :not(.several)") ? PAPER.half : PAPER.whole;
  }

  function draw(chart) {
    const {figure, hidden} = charts.get(chart);
    const colors = theme();
    const width = printing ? onPaper(chart) : Math.max(240, Math.floor(chart.clientWidth));
    const config = {displayModeBar: false, responsive: false, doubleClick: "reset"};
    return Plotly.react(chart, traces(figure, hidden, colors), layout(figure, width, colors), config);
  }

  function element(name, attributes = {}, ...children) {
    const found = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
    found.append(...children);
    return found;
  }

  function swatch(series) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    const place = {x1: 0, x2: 22, y1: 6, y2: 6, "stroke-width": 3, ...(series.dashed && {"stroke-dasharray": "5 3"})};
    for (const [key, value] of Object.entries({width: 22, height: 12, "aria-hidden": true})) svg.setAttribute(key, value);
    for (const [key, value] of Object.entries(place)) line.setAttribute(key, value);
    svg.append(line);
    svg.dataset.color = series.color;
    return svg;
  }

  function paint(chart) {
    for (const svg of chart.parentElement.querySelectorAll(".key svg"))
      svg.firstChild.setAttribute("stroke", `rgb(${visible(svg.dataset.color, theme())})`);
  }

  function key(chart) {
    const {figure, hidden} = charts.get(chart);
    const named = new Map();  // what goes on, dashed, has the name of the curve before it
    for (const series of figure.panels.flatMap(panel => panel.series))
      if (!named.has(series.name)) named.set(series.name, series);
    const list = element("ul", {class: "key", "aria-label": "Curves, each shown or hidden by its button"});
    for (const [name, series] of named) {
      const button = element("button", {type: "button", "aria-pressed": "true"}, swatch(series), name);
      button.addEventListener("click", () => {
        if (!hidden.delete(name)) hidden.add(name);
        button.setAttribute("aria-pressed", String(!hidden.has(name)));
        draw(chart);
      });
      list.append(element("li", {}, button));
    }
    if (named.size) chart.after(list);
  }

  const short = value => (value === null ? "–" : String(Number(value.toPrecision(4))));
  const whole = value => value?.toLocaleString("en", {maximumSignificantDigits: 15}) ?? "–";  // widths and iterations

  // the plot's numbers as tables, made when they are asked for
  function numbers(chart) {
    const {figure} = charts.get(chart);
    const details = element("details", {}, element("summary", {}, "The numbers"));
    details.addEventListener("toggle", () => {
      if (details.children.length > 1) return;
      for (const panel of figure.panels) {
        const xs = [...new Set(panel.series.flatMap(series => series.x))].sort((a, b) => a - b);
        const head = [figure.x.label, ...panel.series.map(series => series.name + (series.dashed ? " (dashed)" : ""))];
        const rows = xs.map(x => [whole(x), ...panel.series.map(series => {
          const at = series.x.indexOf(x);
          if (at < 0) return "–";
          return short(series.y[at]) + (series.low ? ` (${short(series.low[at])} … ${short(series.high[at])})` : "");
        })]);
        const cells = (tag, texts) => element("tr", {}, ...texts.map(text => element(tag, {}, text)));
        const caption = panel.title ? [element("caption", {}, panel.title)] : [];
        const table = element("table", {}, ...caption, cells("th", head), ...rows.map(row => cells("td", row)));
        details.append(element("div", {class: "table", tabindex: 0}, table));
      }
    });
    chart.parentElement.append(details);
  }

  function begin(chart) {
    charts.set(chart, {figure: JSON.parse(chart.querySelector("script").textContent), hidden: new Set()});
    chart.replaceChildren();
    draw(chart);
    key(chart);
    paint(chart);
    numbers(chart);
    let width = chart.clientWidth;
    new ResizeObserver(() => {
      if (printing || chart.clientWidth === width) return;
      width = chart.clientWidth;
      draw(chart);
    }).observe(chart);
  }

  const redraw = () => charts.forEach((_, chart) => { draw(chart); paint(chart); });
  const waiting = [...document.querySelectorAll(".chart")];
  const rest = () => waiting.splice(0).forEach(begin);
  function next() {  // one a turn, so that the page answers while the plots are drawn
    if (waiting.length) begin(waiting.shift());
    if (waiting.length) return void setTimeout(next);
    document.documentElement.dataset.drawn = "";
    document.dispatchEvent(new Event("drawn"));
  }
  dark.addEventListener("change", redraw);
  addEventListener("beforeprint", () => { printing = true; rest(); redraw(); });
  addEventListener("afterprint", () => { printing = false; redraw(); });
  next();
})();
