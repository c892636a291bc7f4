/** The screens of the first minutes, in their order. */
export const WELCOME_STEPS = ['learn', 'speak', 'level', 'sound'] as const
export type WelcomeStep = (typeof WELCOME_STEPS)[number]

export function isWelcomeStep(value: unknown): value is WelcomeStep {
  return WELCOME_STEPS.some((step) => step === value)
}

export function stepAfter(step: WelcomeStep): WelcomeStep | null {
  return WELCOME_STEPS[WELCOME_STEPS.indexOf(step) + 1] ?? null
}

export function stepBefore(step: WelcomeStep): WelcomeStep | null {
  return WELCOME_STEPS[WELCOME_STEPS.indexOf(step) - 1] ?? null
}
