import type { TFunction } from 'i18next'
import { wordsForCode } from '@/lib/errors'
import type { Status } from './talk-view'

type Browser = 'chromium' | 'firefox' | 'safari'

export interface StatusWords {
  text: string
  hint?: string
}

/** The words under the shape. `code` is the fault's, where there is one. */
export function statusWords(
  status: Status,
  t: TFunction<'talk'>,
  code: string | null,
): StatusWords {
  switch (status) {
    case 'start':
      return { text: t('title'), hint: t('startHint') }
    case 'resume':
      return { text: t('resumeHint') }
    case 'elsewhere':
      return { text: t('elsewhereHint') }
    case 'moved':
      return { text: t('movedHint') }
    case 'asking':
      return { text: t('asking') }
    case 'denied':
      return { text: t('refused.denied'), hint: t(`remedy.${browser()}`) }
    case 'absent':
      return { text: t('refused.absent'), hint: t('remedy.absent') }
    case 'busy':
      return { text: t('refused.busy'), hint: t('remedy.busy') }
    case 'calling':
      return { text: t('calling') }
    case 'late':
      return { text: t('late') }
    case 'very_late':
      return { text: t('veryLate') }
    case 'listening':
      return { text: t('listening') }
    case 'typed_only':
      return { text: t('typedOnly') }
    case 'muted':
      return { text: hasKeyboard() ? t('muted') : t('mutedTouch') }
    case 'thinking':
      return { text: t('thinking') }
    case 'speaking':
      return { text: t('speaking') }
    case 'reconnecting':
      return { text: t('reconnecting') }
    case 'unavailable':
      return { text: t('unavailable') }
    case 'ending':
      return { text: t('ending') }
    case 'failed':
      return { text: wordsForCode(code) }
    case 'ended':
    case 'quiet':
      return { text: '' }
  }
}

/** Where the microphone is allowed again differs from browser to browser. */
function browser(): Browser {
  const agent = navigator.userAgent
  if (agent.includes('Firefox')) return 'firefox'
  return agent.includes('Safari') && !agent.includes('Chrom') ? 'safari' : 'chromium'
}

function hasKeyboard(): boolean {
  return window.matchMedia('(hover: hover) and (pointer: fine)').matches
}
