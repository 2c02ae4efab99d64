/** What runs on the pages about deliveries: sending a file, a receipt that settles, copying. All work without it. */
import { startCopying } from "./copy";
import { watchReceipt } from "./receipt";
import { startSending } from "./sending";
import { readWords } from "./words";

const words = readWords();
if (words) {
  startCopying(words);
  startSending(words);
  watchReceipt(words);
}
