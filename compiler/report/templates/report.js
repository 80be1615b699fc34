"use strict";
/* Draws the charts of the page, follows the theme, and shows the chosen sample. */
(async () => {
  const root = document.documentElement;
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const figures = read("figures");
  const facts = read("facts");
  const drawn = new Map();
  const HEIGHT = 360, PAPER = 680;  /* pixels: of a chart, and across a sheet of paper */

  /* --- theme ------------------------------------------------------------------------- */
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  let chosen = null;
  let printing = false;
  const isDark = () => !printing && (chosen ?? dark.matches);

  function style(name) {
    return getComputedStyle(root).getPropertyValue(name).trim();
  }

  /* A mesh is as high as its cells are square; what has no height of its own is like all others. */
  function heightOf(layout, width) {
    if (!layout.meta?.grid) return layout.height ?? HEIGHT;
    const [columns, rows] = layout.meta.grid;
    return Math.round(110 + Math.min(510, 72 * rows, 0.95 * width * rows / columns));
  }

  /* What every chart has in common: the page's own colours and letters. */
  function themed(layout, width) {
    const ink = style("--ink"), line = style("--line");
    const found = structuredClone(layout);
    const narrow = width < 560;
    Object.assign(found, {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", height: heightOf(found, width),
      font: { family: getComputedStyle(document.body).fontFamily, size: narrow ? 11 : 13, color: ink },
      margin: { l: 8, r: 8, t: 32, b: 8, pad: 2 },
      hoverlabel: { bgcolor: style("--panel"), bordercolor: line, font: { color: ink } },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, ...found.legend },
    });
    if (printing) Object.assign(found, { width: PAPER, autosize: false });
    else found.autosize = true;
    for (const key of Object.keys(found)) {
      if (/^[xy]axis/.test(key)) {
        Object.assign(found[key], {
          gridcolor: line, zerolinecolor: line, linecolor: line, tickcolor: line, automargin: true,
        });
        if (found[key].title) found[key].title.font = { size: narrow ? 11 : 13 };
      }
    }
    for (const shape of found.shapes ?? []) {
      if (shape.line.color === "ink") shape.line.color = ink;
    }
    for (const mark of found.annotations ?? []) {
      Object.assign(mark, { font: { color: ink }, arrowcolor: ink });
    }
    return found;
  }

  const CONFIG = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d"] };

  async function draw(place, figure) {
    drawn.set(place, figure);
    const shown = structuredClone(figure);
    const layout = themed(shown.layout, printing ? PAPER : place.clientWidth);
    place.style.minHeight = `${layout.height}px`;
    await Plotly.react(place, shown.data, layout, CONFIG);
    /* What stands for a picture is its label and its table. */
    for (const svg of place.querySelectorAll("svg")) svg.setAttribute("aria-hidden", "true");
  }

  async function setTheme() {
    root.dataset.theme = isDark() ? "dark" : "light";
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-pressed", String(isDark()));
    /* All at once: a browser does not wait for promises before it prints. */
    await Promise.all([...drawn].filter(([place]) => !place.hidden).map(([place, figure]) => draw(place, figure)));
  }

  root.dataset.theme = isDark() ? "dark" : "light";
  button.hidden = false;
  button.addEventListener("click", () => { chosen = !isDark(); setTheme(); });
  dark.addEventListener("change", setTheme);
  window.addEventListener("beforeprint", () => { printing = true; setTheme(); });
  window.addEventListener("afterprint", () => { printing = false; setTheme(); });

  /* --- the JSON ---------------------------------------------------------------------- */
  const text = document.getElementById("facts-text");
  const fill = () => {
    const pre = text.querySelector("pre");
    if (!pre.textContent) pre.textContent = JSON.stringify(facts, null, 1);
  };
  text.addEventListener("toggle", fill);
  document.getElementById("show-facts").addEventListener("click", () => { text.open = true; });

  /* --- plotly.js, which the page carries compressed ------------------------------------ */
  function trouble(what) {
    const place = document.getElementById("trouble");
    place.textContent = what;
    place.hidden = false;
  }

  function bytes(base64) {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  }

  button.textContent = isDark() ? "Light" : "Dark";
  if (!("DecompressionStream" in window)) {
    trouble("This browser is too old for the charts; the tables have their numbers.");
    return;
  }
  const packed = bytes(document.getElementById("plotly").textContent);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);

  /* --- rasters ----------------------------------------------------------------------- */
  const escaped = (name) => String(name).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const COLOURS = ["#2f7fd1", "#d0700c", "#2a9568", "#946ad2", "#14909f", "#c2559b", "#d64545", "#858b96"];
  const DASHES = ["solid", "dash", "dot"];

  function matrix(raster, steps) {
    const raw = bytes(raster.values);
    const values = raster.kind === "uint8" ? raw : new Int32Array(raw.buffer);
    return Array.from({ length: raster.rows }, (_, k) => Array.from(values.subarray(k * steps, (k + 1) * steps)));
  }

  function rasterFigure(report, sample, potentials) {
    const rows = sample.populations.filter((p) => p.raster);
    const lines = sample.populations.find((p) => p.name === potentials)?.potentials ?? [];
    const parts = rows.length + 1, gap = 0.05, each = (1 - gap * (parts - 1)) / (parts + 0.6);
    const data = [], layout = { shapes: [], annotations: [], height: 150 + 120 * parts };
    let top = 1;
    rows.forEach((p, k) => {
      const axis = k ? String(k + 1) : "";
      data.push({
        type: "heatmap", z: matrix(p.raster, sample.steps), x0: 1, dx: 1,
        customdata: p.raster.neurons.map((n) => Array(sample.steps).fill(n)),
        colorscale: p.raster.kind === "int32" ? [[0, "#d0700c"], [0.5, "rgba(128,128,128,0.1)"], [1, "#2f7fd1"]]
          : [[0, "rgba(128,128,128,0.1)"], [0.001, "#7fb0e6"], [1, "#2f7fd1"]],
        zmid: p.raster.kind === "int32" ? 0 : undefined,
        showscale: false, yaxis: `y${axis}`, xaxis: "x",
        hovertemplate: `${escaped(p.name)}, neuron %{customdata}<br>step %{x}: %{z}<extra></extra>`,
      });
      layout[`yaxis${axis}`] = {
        domain: [top - each, top], title: { text: escaped(p.name) }, showticklabels: false, autorange: "reversed",
        showgrid: false, zeroline: false,
      };
      top -= each + gap;
    });
    const last = String(parts === 1 ? "" : parts);
    lines.forEach((line, k) => data.push({
      type: "scatter", mode: "lines", name: `${escaped(potentials)} ${line.neuron}`, y: line.values, x0: 1, dx: 1,
      line: { color: COLOURS[k % 8], dash: DASHES[Math.floor(k / 8)], width: 1.6, shape: "hv" }, yaxis: `y${last}`, xaxis: "x",
    }));
    layout[`yaxis${last}`] = { domain: [0, Math.max(0.05, top)], title: { text: "potential" } };
    layout.xaxis = { title: { text: "time step" }, anchor: `y${last}`, range: [0.5, sample.steps + 0.5], showgrid: false };
    const readout = report.populations.find((p) => p.kind === "readout");
    const perFrame = report.manifest.steps_per_frame;
    if (perFrame > 1) {
      for (let step = readout.start + perFrame; step <= sample.steps; step += perFrame) {
        layout.shapes.push({
          type: "line", x0: step + 0.5, x1: step + 0.5, y0: 0, y1: 1, yref: "paper",
          line: { color: "rgba(128,128,128,0.5)", width: 1, dash: "dot" },
        });
      }
    }
    return { data, layout };
  }

  /* --- cores on their mesh -------------------------------------------------------------- */
  const WIDTHS = [6, 4, 2.5, 1.5, 0.8];  /* of lines, in pixels: for the largest fifth of what is sent, and so on */

  /* Lines between pairs of cores: a trace for each width. */
  function linkTraces(meta, pairs) {
    const most = Math.max(1, ...pairs.map(([, , messages]) => messages));
    return WIDTHS.map((width, k) => {
      const x = [], y = [];
      for (const [a, b, messages] of pairs) {
        if (Math.min(4, Math.floor(5 * (1 - messages / most))) !== k) continue;
        /* An arc, so that lines in one row of cores do not hide each other. */
        const [from, to] = [meta.cores[Math.min(a, b)], meta.cores[Math.max(a, b)]];
        const along = [to[0] - from[0], to[1] - from[1]];
        for (let t = 0; t <= 1.001; t += 0.125) {
          const bow = 0.7 * t * (1 - t);
          x.push(from[0] + t * along[0] + bow * along[1]);
          y.push(from[1] + t * along[1] - bow * along[0]);
        }
        x.push(null);
        y.push(null);
      }
      return {
        type: "scatter", mode: "lines", x, y, hoverinfo: "skip", showlegend: false,
        line: { width, color: meta.line }, opacity: 0.6,
      };
    });
  }

  /* What one core sends and receives, both ways together. */
  function pairsOf(matrix, core) {
    const sums = new Map();
    for (const [a, b, messages] of matrix) {
      if (a === b || (a !== core && b !== core)) continue;
      const other = a === core ? b : a;
      sums.set(other, (sums.get(other) ?? 0) + messages);
    }
    return [...sums].map(([other, messages]) => [core, other, messages]);
  }

  function meshFigure(name, report, shade, traffic) {
    const found = structuredClone(figures[name]);
    const meta = found.layout.meta, cores = found.data[1];
    const [title, values] = meta.shades[shade];
    for (const row of cores.z) row.fill(null);
    meta.cores.forEach(([column, row], k) => { cores.z[row][column] = values[k]; });
    cores.zmax = meta.tops[shade];
    cores.colorbar.title.text = title;
    found.data[2].textfont.color = values.map((value) => (value > 0.3 * cores.zmax ? "#ffffff" : "#1b1f26"));
    const pairs = traffic === "all" ? meta.links : pairsOf(report.placement.traffic.matrix, Number(traffic));
    found.data.splice(2, 0, ...linkTraces(meta, pairs));  /* below the numbers */
    return found;
  }

  async function drawMesh(place) {
    const prefix = place.dataset.prefix, report = facts[Number(place.dataset.bundle)];
    const shade = document.getElementById(`${prefix}shade`), traffic = document.getElementById(`${prefix}traffic`);
    const chosen = traffic?.value ?? "all";
    await draw(place, meshFigure(`${prefix}mesh`, report, Number(shade.value), chosen));
    const meta = place.layout.meta;
    const said = chosen === "all" ? "" : (() => {
      const [column, row] = meta.cores[Number(chosen)];
      return place.data[1].customdata[row][column];
    })();
    const note = document.getElementById(`${prefix}core`);
    note.replaceChildren();
    /* Labels are text with breaks and one bold word; names in them were escaped. */
    said.split("<br>").forEach((line, k) => {
      if (k) note.append(document.createElement("br"));
      const part = document.createElement(k ? "span" : "strong");
      part.textContent = line.replace(/<\/?b>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
      note.append(part);
    });
    note.hidden = !said;
  }

  async function drawSample(choice) {
    const report = facts[Number(choice.dataset.bundle)];
    const prefix = choice.dataset.prefix;
    const potentials = document.getElementById(`${prefix}potentials`).value;
    const place = document.getElementById(`${prefix}raster`);
    await draw(place, rasterFigure(report, report.samples[Number(choice.value)], potentials));
  }

  /* --- everything -------------------------------------------------------------------- */
  for (const place of document.querySelectorAll("figure[data-figure]")) {
    drawn.set(place, figures[place.dataset.figure]);
    if (!place.hidden) await draw(place, figures[place.dataset.figure]);
  }
  for (const choice of document.querySelectorAll("select.sample")) {
    choice.addEventListener("change", () => drawSample(choice));
    document.getElementById(`${choice.dataset.prefix}potentials`).addEventListener("change", () => drawSample(choice));
    await drawSample(choice);
  }
  for (const place of document.querySelectorAll("figure.mesh")) {
    const prefix = place.dataset.prefix, traffic = document.getElementById(`${prefix}traffic`);
    document.getElementById(`${prefix}shade`).addEventListener("change", () => drawMesh(place));
    traffic?.addEventListener("change", () => drawMesh(place));
    await drawMesh(place);
    if (traffic) {
      place.on("plotly_click", ({ points: [{ x, y }] }) => {
        const core = place.layout.meta.cores.findIndex(([column, row]) => column === x && row === y);
        if (core < 0) return;
        traffic.value = traffic.value === String(core) ? "all" : String(core);
        drawMesh(place);
      });
    }
  }
  for (const choice of document.querySelectorAll("select[data-group]")) {
    choice.addEventListener("change", async () => {
      const group = choice.dataset.group;
      for (const place of document.querySelectorAll(`figure[id^="${CSS.escape(group)}-"]`)) {
        place.hidden = place.id !== `${group}-${choice.value}`;
        if (!place.hidden) await draw(place, drawn.get(place));
      }
    });
  }
  root.dataset.drawn = "yes";
})().catch((problem) => { console.error(problem); document.documentElement.dataset.drawn = "failed"; });
