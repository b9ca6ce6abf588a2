/** One line of a chart: points from left to right. */
export interface Series {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Whether each axis counts in powers of ten. */
  readonly logarithmic: { readonly x: boolean; readonly y: boolean };
  formatX(x: number): string;
  formatY(y: number): string;
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 84;
const RIGHT = 24;
const TOP = 56;
const BOTTOM = 56;

/** Draws a line chart as SVG that reads well on light and dark pages. */
export function drawChart(chart: Chart): string {
  const all = chart.series.flatMap((series) => series.points);
  const x = scale(
    all.map(([value]) => value),
    chart.logarithmic.x,
    LEFT,
    WIDTH - RIGHT,
  );
  const y = scale(
    all.map(([, value]) => value),
    chart.logarithmic.y,
    HEIGHT - BOTTOM,
    TOP,
  );
  const text = (at: [number, number], anchor: string, content: string, extra = "") =>
    `<text x="${at[0]}" y="${at[1]}" text-anchor="${anchor}" ${extra}>${escapeXml(content)}</text>`;
  const parts: string[] = [];
  for (const tick of y.ticks) {
    parts.push(
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.at(tick)}" y2="${y.at(tick)}"/>`,
    );
    parts.push(text([LEFT - 8, y.at(tick) + 4], "end", chart.formatY(tick)));
  }
  for (const tick of x.ticks)
    parts.push(text([x.at(tick), HEIGHT - BOTTOM + 20], "middle", chart.formatX(tick)));
  chart.series.forEach(({ name, color, points }, index) => {
    const line = points.map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`).join(" ");
    parts.push(`<polyline fill="none" stroke="${color}" stroke-width="2.5" points="${line}"/>`);
    for (const [px, py] of points)
      parts.push(`<circle cx="${x.at(px)}" cy="${y.at(py)}" r="3" fill="${color}"/>`);
    const legendY = TOP + 8 + index * 20;
    parts.push(`<rect x="${LEFT + 14}" y="${legendY - 9}" width="12" height="12" fill="${color}"/>`);
    parts.push(text([LEFT + 32, legendY + 2], "start", name));
  });
  parts.push(text([WIDTH / 2, 26], "middle", chart.title, 'class="title"'));
  parts.push(text([(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12], "middle", chart.xLabel));
  parts.push(
    text(
      [0, 0],
      "middle",
      chart.yLabel,
      `transform="translate(18 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)"`,
    ),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13">`,
    "<style>text{fill:#222}.title{font-size:16px;font-weight:600}.grid{stroke:#ddd}</style>",
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

function scale(values: readonly number[], logarithmic: boolean, from: number, to: number): Scale {
  const largest = Math.max(...values);
  if (logarithmic) {
    const low = Math.floor(Math.log10(Math.min(...values)));
    const high = Math.ceil(Math.log10(largest));
    const ticks = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at));
    return { ticks, at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from) };
  }
  const unit = 10 ** Math.floor(Math.log10(largest));
  const step = [0.2, 0.5, 1, 2].map((factor) => factor * unit).find((size) => largest / size <= 6) as number;
  const top = Math.ceil(largest / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step);
  return { ticks, at: (value) => from + (value / top) * (to - from) };
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
