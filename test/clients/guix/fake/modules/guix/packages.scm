(define-module (guix packages)
  #:use-module (guix derivations)
  #:export (package package-name supported-package? package-derivation package-cross-derivation))

(define (package name . properties) (cons name properties))
(define (package-name package) (car package))

(define* (supported-package? package #:optional system)
  (let ((fault (assq-ref (cdr package) 'inputs)))
    (when fault (fault))
    #t))

(define* (package-derivation store package system #:key graft?)
  (let ((fault (assq-ref (cdr package) 'fault)))
    (cond ((procedure? fault) (fault))
          (fault (throw 'guix-message fault))
          (else (derivation (assq-ref (cdr package) 'derivation) system #t)))))

(define* (package-cross-derivation store package target system #:key graft?)
  (package-derivation store package system))
