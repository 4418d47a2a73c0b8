// The worker of the page in motion: it reads the stream and works out the numbers, off the page's own thread.
import { watch } from "./live_watch.js";

const take = watch((message) => self.postMessage(message));
self.addEventListener("message", (event) => take(event.data));
