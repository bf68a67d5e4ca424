/** The officer's app: puts the parts together. */

import { AlertView } from "./alert.js";
import { config } from "./config.js";
import { startDoubleTap } from "./doubletap.js";
import { startKeeping } from "./keep.js";
import { load } from "./library.js";
import { ListView } from "./list.js";
import { live } from "./live.js";
import { startMenu } from "./menu.js";
import { startNews } from "./news.js";
import { startPush } from "./push.js";
import { startRouter } from "./router.js";
import { startSound } from "./sound.js";
import { startSpace } from "./space.js";
import { startStatusBar } from "./statusbar.js";
import { tick } from "./time.js";

const root = document.getElementById("main");
const bar = document.getElementById("bar");
const back = document.getElementById("back");
let view = null;
const MAP_AFTER_MS = 4000;

function show(id, isFirst) {
  view?.leave();
  back.hidden = id === null;
  document.body.dataset.view = id === null ? "list" : "alert";
  view = id === null ? new ListView(root) : new AlertView(root, bar, id);
  // A screen reader goes on from the new page's heading, as it would after loading one.
  if (!isFirst) view.heading.focus({ preventScroll: true });
}

startDoubleTap(bar);
startSpace();
startMenu();
startSound();
startStatusBar();
startNews();
startKeeping();
startPush(startRouter(show));
live.start();
setInterval(tick, 1000);
// The map of the next alert, while there is a signal: not before the list is there.
setTimeout(() => load(...config.libraries.map).catch(() => {}), MAP_AFTER_MS);
