/** What runs on every page: the theme and the menu. Every page is complete without it. */
import { startMenu } from "./page/menu";
import { startSteppers } from "./page/stepper";
import { startTheme } from "./page/theme";

startTheme();
startMenu();
startSteppers();
