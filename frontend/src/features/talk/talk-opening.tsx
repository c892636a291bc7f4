import { useTranslation } from 'react-i18next'
import type { Loudness } from '@/lib/audio-level'
import { useSlow } from './use-slow'
import { VoiceRing } from './voice-ring'

/** A page that is there at once needs no word; one that is not must not look dead. */
const SAYS_SO_MS = 1_000
const SLOW_MS = 6_000

const SILENCE: Loudness = { level: 0, bands: [0, 0, 0, 0, 0, 0] }
const silence = () => ({ learner: SILENCE, tutor: SILENCE })

/** Until it is known whether a conversation is open: the voice in its place, and after a moment a word. */
export function TalkOpening() {
  const { t } = useTranslation('talk')
  const late = useSlow(SAYS_SO_MS)
  const slow = useSlow(SLOW_MS)
  return (
    <main id="content" className="talk" data-script="hidden">
      <h1 className="sr-only">{t('title')}</h1>
      <div className="talk-top min-h-12" />
      <section className="talk-voice" data-line="closed">
        <div className="talk-ring">
          {/* As the door will show it, so that a page that is there soon does not flicker. */}
          <VoiceRing shape={late ? 'waiting' : 'still'} read={silence} />
        </div>
        <div className="talk-said">
          <div aria-live="polite" className="talk-status" data-talk="opening">
            {late && <p className="font-said text-title text-balance">{t('opening')}</p>}
            {slow && <p className="max-w-96 text-base text-ink-soft">{t('openingSlow')}</p>}
          </div>
        </div>
      </section>
    </main>
  )
}
