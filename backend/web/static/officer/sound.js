/** A sound for what is new, once a person has allowed it by touch; remembered on this phone. */

const KEY = "cordon.sound";
const button = document.getElementById("sound");
let context = null;
let isOn = false;

function remembered() {
  try {
    return localStorage.getItem(KEY) === "on";
  } catch {
    return false;
  }
}

function remember() {
  try {
    localStorage.setItem(KEY, isOn ? "on" : "off");
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

function render() {
  const isWaiting = isOn && context?.state !== "running";
  button.setAttribute("aria-pressed", String(isOn));
  button.textContent = isWaiting ? "Tap for sound" : isOn ? "Sound on" : "Sound off";
}

async function unlock() {
  if (!isOn) return;
  context ??= new AudioContext();
  await context.resume().catch(() => {});
  render();
}

/** @param {number} at seconds from now @param {number} hz */
function tone(at, hz) {
  const start = context.currentTime + at;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = "square";
  oscillator.frequency.value = hz;
  gain.gain.setValueAtTime(0.0001, start);
  gain.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.28);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + 0.3);
}

/** Sound the warning: three rising pairs for a breach, one pair for anything else. */
export function sound(isGrave) {
  if (!isOn || context?.state !== "running") return;
  for (let round = 0; round < (isGrave ? 3 : 1); round += 1) {
    tone(round * 0.7, 660);
    tone(round * 0.7 + 0.3, 990);
  }
}

export function startSound() {
  isOn = remembered();
  button.addEventListener("click", async () => {
    const isWaiting = isOn && context?.state !== "running";
    isOn = isWaiting || !isOn;
    remember();
    render();
    await unlock();
    sound(false);
  });
  // Browsers allow sound only after a touch, so a remembered choice waits for the first one.
  document.addEventListener("pointerdown", (event) => event.target !== button && unlock());
  document.addEventListener("keydown", (event) => event.target !== button && unlock());
  render();
}
