import { useEffect, useRef, useState, type ReactNode } from 'react'
import { Icon, type IconName } from '@/components/ui/icon'
import { Menu, MenuChoice } from '@/components/ui/menu'
import { deviceInUse, SYSTEM_DEVICE } from '@/lib/devices/choice'
import { useDeviceChoice } from '@/lib/devices/remembered'
import { useDevices } from '@/lib/devices/use-devices'
import { useTranslation } from 'react-i18next'
import type { Microphone } from './talk-machine'

interface TalkControlsProps {
  microphone: Microphone
  typing: boolean
  onMute: () => void
  onType: () => void
  onEnd: () => void
  onChooseMicrophone: (id: string) => void
}

/** Mute, type, end: in thumb's reach, always in the same place. */
export function TalkControls(props: TalkControlsProps) {
  const { t } = useTranslation('talk')
  const { microphone } = props
  const names = { live: t('mute'), muted: t('unmute'), none: t('noMicrophone') }
  return (
    <div className="flex items-start justify-center gap-6 px-4 pt-3 pb-4 tablet:gap-8">
      <div className="relative">
        <Round
          icon={microphone === 'live' ? 'microphone' : 'microphoneOff'}
          name={names[microphone]}
          look={microphone === 'live' ? 'plain' : 'pressed'}
          onPress={props.onMute}
        />
        {microphone !== 'none' && <MicrophoneMenu onChoose={props.onChooseMicrophone} />}
      </div>
      <Round
        icon="keyboard"
        name={t('type')}
        look={props.typing ? 'pressed' : 'plain'}
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
  onPress: () => void
}

const looks = {
  plain: 'border-edge bg-raised text-ink group-hover:bg-sunken',
  pressed: 'border-ink bg-ink text-paper',
  danger: 'border-danger bg-danger text-paper group-hover:opacity-90',
}

function Round({ icon, name, look, onPress }: RoundProps) {
  return (
    <button
      type="button"
      onClick={onPress}
      className="group flex min-w-16 flex-col items-center gap-1.5 rounded-field text-small text-ink-soft"
    >
      <span
        className={`flex size-14 items-center justify-center rounded-full border transition-colors ${looks[look]}`}
      >
        <Icon name={icon} />
      </span>
      {name}
    </button>
  )
}

function MicrophoneMenu({ onChoose }: { onChoose: (id: string) => void }) {
  const { t } = useTranslation('talk')
  const devices = useDevices('audioinput')
  const chosen = deviceInUse(useDeviceChoice().input, devices)

  const options = [
    { value: SYSTEM_DEVICE, label: t('systemMicrophone') },
    ...devices.map(({ id, label }, index) => ({
      value: id,
      label: label === '' ? t('unnamedMicrophone', { number: index + 1 }) : label,
    })),
  ]
  const trigger = (
    <button
      type="button"
      aria-label={t('microphones')}
      className="absolute -top-1.5 -right-5 flex size-11 items-center justify-center text-ink-soft hover:text-ink"
    >
      <span className="flex size-6 items-center justify-center rounded-full border border-edge bg-raised">
        <Icon name="chevron" className="size-4 rotate-180" />
      </span>
    </button>
  )
  return (
    <Menu trigger={trigger} side="top">
      <MenuChoice
        label={t('microphones')}
        value={chosen?.id ?? SYSTEM_DEVICE}
        options={options}
        onChoose={onChoose}
      />
    </Menu>
  )
}

interface WriteFieldProps {
  onSend: (text: string) => void
  onLeave: () => void
}

/** Where one writes instead of speaking. Enter sends, Esc leaves. */
export function WriteField({ onSend, onLeave }: WriteFieldProps): ReactNode {
  const { t } = useTranslation('talk')
  const field = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')

  // The field appears because somebody asked for it.
  useEffect(() => field.current?.focus(), [])

  return (
    <form
      className="mx-auto flex w-full max-w-160 gap-2 px-4"
      onSubmit={(event) => {
        event.preventDefault()
        onSend(text)
        setText('')
      }}
    >
      <input
        ref={field}
        dir="auto"
        value={text}
        maxLength={2000}
        aria-label={t('field')}
        placeholder={t('field')}
        enterKeyHint="send"
        autoComplete="off"
        className="min-h-12 min-w-0 flex-1 rounded-full border border-edge bg-raised px-5 text-base text-ink placeholder:text-ink-soft"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onLeave()
        }}
      />
      <button
        type="submit"
        aria-label={t('send')}
        disabled={text.trim() === ''}
        className="flex size-12 shrink-0 items-center justify-center rounded-full bg-ink text-paper disabled:opacity-40"
      >
        <Icon name="send" />
      </button>
    </form>
  )
}
