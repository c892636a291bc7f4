import { useTranslation } from 'react-i18next'
import { Icon, type IconName } from '@/components/ui/icon'
import { HoldButton, type PushToTalk } from './hold-button'
import { MicrophoneMenu } from './microphone-menu'
import type { Microphone } from './talk-machine'

interface TalkControlsProps {
  microphone: Microphone
  /** Instead of a microphone that is open until it is muted: one that is open while it is held. */
  pushToTalk: PushToTalk | null
  typing: boolean
  onMute: () => void
  onType: () => void
  onEnd: () => void
  onChooseMicrophone: (id: string) => void
}

/** Mute, type, end: in thumb's reach, always in the same place. */
export function TalkControls(props: TalkControlsProps) {
  const { t } = useTranslation('talk')
  const { microphone, pushToTalk } = props
  const names = { live: t('mute'), muted: t('unmute'), none: t('noMicrophone') }
  const holds = pushToTalk !== null && microphone !== 'none'
  return (
    <div className="talk-buttons">
      <div className={`relative ${holds ? 'mr-5 min-w-32 flex-1' : ''}`}>
        {holds ? (
          <HoldButton {...pushToTalk} />
        ) : (
          <Round
            icon={microphone === 'live' ? 'microphone' : 'microphoneOff'}
            name={names[microphone]}
            look={microphone === 'live' ? 'plain' : 'pressed'}
            onPress={props.onMute}
          />
        )}
        {microphone !== 'none' && <MicrophoneMenu onChoose={props.onChooseMicrophone} />}
      </div>
      <Round
        icon="keyboard"
        name={t('type')}
        look={props.typing ? 'pressed' : 'plain'}
        isOpen={props.typing}
        onPress={props.onType}
      />
      <Round icon="end" name={t('end')} look="danger" onPress={props.onEnd} />
    </div>
  )
}

interface RoundProps {
  icon: IconName
  name: string
  look: 'plain' | 'pressed' | 'danger'
  /** Whether what it opens is there. */
  isOpen?: boolean
  onPress: () => void
}

const looks = {
  plain: 'border-edge bg-raised text-ink group-hover:bg-sunken',
  pressed: 'border-ink bg-ink text-paper',
  danger: 'border-danger bg-danger text-paper group-hover:opacity-90',
}

function Round({ icon, name, look, isOpen, onPress }: RoundProps) {
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      onClick={onPress}
      className="group flex min-w-[min(4rem,22vw)] flex-col items-center gap-1.5 rounded-field text-small text-ink-soft"
    >
      <span
        className={`flex size-[min(3.75rem,19vw)] items-center justify-center rounded-full border transition-[background-color,color,border-color,scale] duration-150 group-active:scale-95 ${looks[look]}`}
      >
        <Icon name={icon} className={icon === 'end' ? 'size-7' : 'size-6'} />
      </span>
      <span className="talk-button-name">{name}</span>
    </button>
  )
}
