/** Buttons that add to and take from a number, for one thumb; without a script the field alone does. */
export function startSteppers(): void {
  for (const stepper of document.querySelectorAll<HTMLElement>(".stepper")) startStepper(stepper);
}

/** The number after a step: never below nothing, and what is no number counts as nothing. */
export function stepped(value: string, step: number): string {
  const number = /^\d+$/.test(value.trim()) ? Number(value) : 0;
  return String(Math.max(number + step, 0));
}

function startStepper(stepper: HTMLElement): void {
  const field = stepper.querySelector<HTMLInputElement>("input");
  if (!field) return;
  for (const button of stepper.querySelectorAll<HTMLButtonElement>("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      field.value = stepped(field.value, Number(button.dataset.step));
    });
  }
}
