import type { TFunction } from 'i18next'
import { remedyOf } from '@/lib/devices/refusal'
import { wordsForCode } from '@/lib/errors'
import type { Status } from './talk-view'

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
      return { text: t('refused.denied'), hint: t(`remedy.${remedyOf('denied')}`) }
    case 'absent':
      return { text: t('refused.absent'), hint: t(`remedy.${remedyOf('absent')}`) }
    case 'busy':
      return { text: t('refused.busy'), hint: t(`remedy.${remedyOf('busy')}`) }
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

function hasKeyboard(): boolean {
  return window.matchMedia('(hover: hover) and (pointer: fine)').matches
}
