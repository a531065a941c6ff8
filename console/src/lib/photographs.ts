// Photographs as evidence: brought as JPEGs of at most 512 KiB under their SHA-256; where and by what they were taken stays out.
import { Problem, problemOf } from "./api";
import { t } from "./i18n/index.svelte";
import { sha256, toHex } from "./proof/bytes";

const MAX_BYTES = 512 * 1024; // the platform's limit; see src/kouan/adapters/images.py
const LONGEST_PX = 1920; // our choice: a seal's number is readable on a picture taken at arm's length
const QUALITIES = [0.85, 0.7, 0.5, 0.3];

function notAPicture(): Problem {
  return new Problem(422, "", "", [{ field: "pictures", rule: "image.jpeg", mend: t("examination.no_picture") }]);
}

/** Return a picture as a JPEG that the platform takes: turned upright, made smaller, without what the camera noted. */
async function shrunk(file: File): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => {
    throw notAPicture();
  });
  for (const longest of [LONGEST_PX, LONGEST_PX / 2]) {
    const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale))];
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const quality of QUALITIES) {
      const jpeg = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (jpeg !== null && jpeg.size <= MAX_BYTES) return jpeg;
    }
  }
  throw notAPicture();
}

/** Photographs that were brought from here, by their names, to be shown without asking the platform for them. */
export const brought = new Map<string, Blob>();

/** Bring a photograph to the platform and return its name there; raise Problem, also for what is no picture. */
export async function bring(file: File): Promise<string> {
  const jpeg = await shrunk(file);
  const name = toHex(await sha256(new Uint8Array(await jpeg.arrayBuffer())));
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/images/${name}`, { method: "PUT", headers: { "Content-Type": "image/jpeg", "X-Kouan-CSRF": "console" }, body: jpeg });
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  if (!answer.ok) throw await problemOf(answer);
  brought.set(name, jpeg);
  return name;
}
