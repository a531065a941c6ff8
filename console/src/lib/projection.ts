// From degrees to the plane: an equidistant conic, true to scale along its two parallels (Snyder, USGS PP 1395, chapter 16).
import type { Point } from "./types";

const RADIAN = Math.PI / 180;
const EARTH_KM = 6371; // mean radius

/** Return what turns degrees east and north into kilometres right and down, for a region between two parallels. */
export function conic(points: Point[]): (point: Point) => Point {
  const east = points.map((p) => p[0]);
  const north = points.map((p) => p[1]);
  const [south, top] = [Math.min(...north), Math.max(...north)];
  const middle = ((Math.min(...east) + Math.max(...east)) / 2) * RADIAN;
  // A sixth of the height off either edge keeps the error small all over (Kavrayskiy's rule).
  const first = (south + (top - south) / 6) * RADIAN;
  const second = (top - (top - south) / 6) * RADIAN;
  const n = (Math.cos(first) - Math.cos(second)) / (second - first);
  const g = Math.cos(first) / n + first;
  return ([lon, lat]) => {
    const rho = (g - lat * RADIAN) * EARTH_KM;
    const theta = n * (lon * RADIAN - middle);
    return [rho * Math.sin(theta), rho * Math.cos(theta) - g * EARTH_KM];
  };
}

/** Return points moved apart until no two are nearer than `least`, each as near to where it was as that allows. */
export function spread(points: Point[], least: number): Point[] {
  const moved = points.map(([x, y]): Point => [x, y]);
  for (let round = 0; round < 80; round += 1) {
    let moving = false;
    for (let i = 0; i < moved.length; i += 1) {
      for (let j = i + 1; j < moved.length; j += 1) {
        const [a, b] = [moved[i], moved[j]];
        if (a === undefined || b === undefined) continue;
        let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
        let distance = Math.hypot(dx, dy);
        if (distance >= least - 0.01) continue;
        if (distance < 0.01) [dx, dy, distance] = [Math.cos(j), Math.sin(j), 1];
        const push = (least - Math.min(distance, least)) / 2;
        moved[i] = [a[0] - (dx / distance) * push, a[1] - (dy / distance) * push];
        moved[j] = [b[0] + (dx / distance) * push, b[1] + (dy / distance) * push];
        moving = true;
      }
    }
    if (!moving) break;
  }
  return moved;
}
