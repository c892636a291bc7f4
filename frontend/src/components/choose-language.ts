import { showToast } from '@/components/ui/toast'
import { wordsForCode } from '@/lib/errors'
import { chooseLanguage, type Language } from '@/lib/i18n'

/** Speaks the chosen language once its words are here; without them, everything stays as it is and says why. */
export function takeLanguage(language: Language): void {
  chooseLanguage(language).catch(() => showToast({ title: wordsForCode('network'), urgent: true }))
}
